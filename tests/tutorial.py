"""The files and the commands of docs/tutorial.md, in their order."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

TUTORIAL = Path(__file__).resolve().parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"(?s)(?:[Ss]ave this as `([\w.]+)`:\n\n)?```(\w+)\n(.*?)```")
# Whoever runs the tests has done this.
INSTALLATION = ("make", ".")


@dataclass(frozen=True)
class File:
    """A file that the reader saves."""

    name: str
    content: str


@dataclass(frozen=True)
class Command:
    """A command that the reader runs, and the beginning of what it prints, where that is shown.

    What is shown after an empty line are tables, whose columns depend on the values.
    """

    words: tuple[str, ...]
    output: str = ""


def steps() -> list[File | Command]:
    """Return what the reader does, without the installation."""
    found: list[File | Command] = []
    for name, language, content in BLOCK.findall(TUTORIAL.read_text()):
        if name:
            found.append(File(name, content))
            continue
        assert language == "console", f"no file name before a block of {language}"
        for each in re.split(r"(?m)^\$ ", content)[1:]:
            line, _, output = each.partition("\n")
            command = Command(tuple(shlex.split(line)), output.partition("\n\n")[0])
            if command.words[0] not in INSTALLATION:
                found.append(command)
    return found


def shape(text: str) -> str:
    """Return a text without what may differ: numbers, fingerprints and line breaks."""
    return " ".join(re.sub(r"fingerprint \w+|\d[\d.]*\d|\d", "#", text).split())
