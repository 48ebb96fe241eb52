"""Paint lines over the last ones on a terminal, also after its size has changed."""

import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from runner.cli.live.layout import Line
from runner.cli.wording.fitting import has_color
from runner.reports.formats.terminal import colored

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
# Wrapped lines of another width cannot be counted: the visible screen begins anew.
CLEAR = "\x1b[2J\x1b[H"
LEAST = (20, 6)


class Screen:
    """The lines at the end of a terminal, which are painted again and again."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._painted = 0
        self._size = self.size()

    def size(self) -> tuple[int, int]:
        """Return the columns and the rows of the terminal."""
        try:
            columns, rows = os.get_terminal_size(self._stream.fileno())
        except OSError:
            columns, rows = 80, 24
        return max(columns or 80, LEAST[0]), max(rows or 24, LEAST[1])

    def paint(self, lines: Sequence[Line]) -> None:
        """Show these lines in the place of the last ones."""
        size = self.size()
        if size != self._size:
            start, self._size = CLEAR, size
        else:
            start = f"\r\x1b[{self._painted}A" if self._painted else "\r"
        with_color = has_color(self._stream)
        texts = [colored(line.text, line.mark if with_color else "") for line in lines]
        # What was longer, and what was below, is erased.
        self._stream.write(start + "".join(f"{text}\x1b[K\n" for text in texts) + "\x1b[J")
        self._stream.flush()
        self._painted = len(lines)

    def __enter__(self) -> Self:
        self._stream.write(HIDE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.write(SHOW)
        self._stream.flush()
