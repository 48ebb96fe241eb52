"""Run a command in a pseudo-terminal of a given size, as a person sees it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.reports.formats.wrapping import width_of

COLOR = re.compile(r"\x1b\[[0-9;]*m")

# The sizes that people have, as columns and lines.
SIZES = ((80, 24), (80, 40), (120, 40), (200, 50))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command wrote to its terminal (stdout and stderr together), and its exit code."""

    text: str
    code: int

    @property
    def lines(self) -> list[str]:
        """Return the lines as they are read, without colors."""
        return COLOR.sub("", self.text).splitlines()

    @property
    def widest(self) -> int:
        """Return the number of columns that the widest line takes."""
        return max(map(width_of, self.lines), default=0)


def run_in_terminal(
    command: Sequence[str],
    size: tuple[int, int] = (80, 40),
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Shown:
    """Run a command to its end in a pseudo-terminal of `size` columns and lines.

    COLUMNS, LINES and NO_COLOR of the tests' own terminal are not passed on; `environment` is
    added.
    """
    columns, lines = size
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLUMNS", "LINES", "NO_COLOR")
    }
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=directory,
            env={**inherited, "TERM": "xterm-256color", **(environment or {})},
            start_new_session=True,
        )
    finally:
        os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        written = b"".join(iter(lambda: _read(terminal.fileno()), b""))
    return Shown(written.decode(errors="replace").replace("\r\n", "\n"), process.wait())


def _read(descriptor: int) -> bytes:
    """Return what can be read; nothing when the command has closed the terminal."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
