"""A report as Markdown, with links to its figures."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from runner.reports.formats.terminal import plain_table
from runner.reports.model import Code, Note, Part, Table


def as_markdown(title: str, parts: Sequence[Part], directory: Path, place: Path) -> str:
    """Return the Markdown text. Links to figures are relative to the directory `place`."""
    link = quote(Path(os.path.relpath(directory, place)).as_posix())
    blocks = [f"# {escaped(title)}", *(_block(part, link) for part in parts)]
    return "\n\n".join(blocks) + "\n"


def _block(part: Part, link: str) -> str:
    if isinstance(part, Note):
        return f"**Warning: {escaped(part.text)}**" if part.warning else escaped(part.text)
    if isinstance(part, Table):
        return f"## {escaped(part.title)}\n\n{plain_table(part, 'pipe', escaped, link)}"
    if isinstance(part, Code):
        # Indented: whatever fence the text holds, it ends nothing.
        lines = "\n".join(f"    {line}" for line in part.text.splitlines())
        return f"## {escaped(part.title)}\n\n{lines}"
    figure = f"[{escaped(part.title)}]({link}/{part.name})"
    if part.detail:
        return f"- {figure}"
    return f"!{figure}\n\n{escaped(part.caption)}".rstrip()


def escaped(text: str) -> str:
    """Return text on one line, with Markdown characters escaped."""
    line = " ".join(text.split())
    return "".join(
        f"\\{character}" if character in r"\`*_[]<>|#" else character for character in line
    )
