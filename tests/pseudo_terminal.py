"""Run a command in a pseudo-terminal of a given size, as a person sees it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from runner.reports.formats.wrapping import width_of

COLOR = re.compile(r"\x1b\[[0-9;]*m")

# A command that writes nothing for so long does not go on.
SECONDS = 60

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
    with Terminal(command, size, environment=environment, directory=directory) as terminal:
        return terminal.end()


class Terminal:
    """A command that runs in a pseudo-terminal, which can be looked at, resized and interrupted."""

    def __init__(
        self,
        command: Sequence[str],
        size: tuple[int, int] = (80, 24),
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("COLUMNS", "LINES", "NO_COLOR")
        }
        self._written = b""
        self._terminal, theirs = pty.openpty()
        try:
            self.resize(size)
            self.process = subprocess.Popen(
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

    @property
    def text(self) -> str:
        """Return what was written so far."""
        return self._written.decode(errors="replace").replace("\r\n", "\n")

    def resize(self, size: tuple[int, int]) -> None:
        """Give the terminal another size, in columns and lines."""
        columns, lines = size
        packed = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, packed)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._terminal, keys)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)

    def forget(self) -> None:
        """Forget what was written so far."""
        self._written = b""

    def until(self, words: str) -> str:
        """Read until these words were written; return all that was."""
        while words not in self.text:
            ready, _, _ = select.select([self._terminal], [], [], SECONDS)
            read = _read(self._terminal) if ready else b""
            assert read, f"{words!r} is not in {self.text!r}"
            self._written += read
        return self.text

    def end(self) -> Shown:
        """Read to the end of the command; return what it wrote, and its exit code."""
        self._written += b"".join(iter(lambda: _read(self._terminal), b""))
        return Shown(self.text, self.process.wait())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ignored: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._terminal)


def _read(descriptor: int) -> bytes:
    """Return what can be read; nothing when the command has closed the terminal."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
