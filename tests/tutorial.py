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
    """A command that the reader runs."""

    words: tuple[str, ...]


def steps() -> list[File | Command]:
    """Return what the reader does, without the installation."""
    found: list[File | Command] = []
    for name, language, content in BLOCK.findall(TUTORIAL.read_text()):
        if name:
            found.append(File(name, content))
            continue
        assert language == "console", f"no file name before a block of {language}"
        lines = [line.removeprefix("$ ") for line in content.splitlines() if line.startswith("$ ")]
        commands = [Command(tuple(shlex.split(line))) for line in lines]
        found += [each for each in commands if each.words[0] not in INSTALLATION]
    return found
