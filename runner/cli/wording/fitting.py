"""Fit text into the width of a terminal, and color it; what is piped is left as it is."""

import os
import re
import sys
from typing import TextIO

import click

from cifar_model.errors import printable

NARROWEST = 20
# A deep indent leaves too little room on a narrow terminal.
DEEPEST_SHARE = 0.25


def columns_of(stream: TextIO) -> int | None:
    """Return the columns of the terminal that a stream writes to; None if it is no terminal."""
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def has_color(stream: TextIO) -> bool:
    """Tell whether color is wanted on a stream."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def wrapped(text: str, width: int | None, label: str = "") -> str:
    """Return a text behind a label, wrapped at a width, its further lines under its first.

    A command in backquotes is not broken if it fits on a line. Without a width nothing is broken.
    """
    if width is None:
        return label + text
    width = max(width, NARROWEST)
    indent = " " * (len(label) if len(label) <= width * DEEPEST_SHARE else 4)
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        start = indent if lines else label
        own = line[: len(line) - len(line.lstrip())]
        lines += _wrapped_line(line.strip(), width, start + own, indent + own)
    return "\n".join(lines)


def show(text: str) -> None:
    """Print a text on stdout, wrapped at the width of the terminal."""
    click.echo(wrapped(text, columns_of(sys.stdout)))


def warn(text: str) -> None:
    """Print a warning on stderr."""
    say_labelled("warning: ", text, "yellow")


def say(text: str) -> None:
    """Print a text on stderr; one that begins with "warning: " as a warning."""
    if text.startswith("warning: "):
        warn(text.removeprefix("warning: "))
    else:
        say_labelled("", text)


def say_labelled(label: str, text: str, color: str | None = None) -> None:
    """Print a text on stderr behind a label, which has this color on a terminal."""
    shown = wrapped(printable(text), columns_of(sys.stderr), label)
    if label and has_color(sys.stderr):
        shown = click.style(label, fg=color, bold=True) + shown[len(label) :]
    click.echo(shown, err=True)


def _wrapped_line(line: str, width: int, start: str, indent: str) -> list[str]:
    from runner.reports.formats.wrapping import width_of

    lines, now = [], start
    for unit in _units(line, width - width_of(indent)):
        begun = now not in (start, indent)
        if begun and width_of(now) + 1 + width_of(unit) > width:
            lines.append(now)
            now, begun = indent, False
        elif not begun and width_of(now) + width_of(unit) > width and now.strip():
            # Only what follows a label: the label then has its line to itself.
            lines.append(now.rstrip())
            now = indent
        now += f" {unit}" if begun else unit
    return [*lines, now]


def _units(line: str, room: int) -> list[str]:
    """Return what is not broken: words, commands in backquotes, and pieces of what is too long."""
    from runner.reports.formats.wrapping import width_of
    from runner.reports.formats.wrapping import wrapped as pieces

    room = max(room, 8)
    units: list[str] = []
    for unit in re.findall(r"[^\s`]*`[^`]*`[^\s`]*|\S+", line):
        words = [unit] if width_of(unit) <= room else unit.split()
        units += [piece for word in words for piece in pieces(word, room)]
    return units
