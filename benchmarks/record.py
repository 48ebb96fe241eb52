"""Where and when a benchmark was measured, and the sections of docs/performance.md."""

import os
import platform
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runner import provenance

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Measured:
    """A table of measurements; `ratios` are those that hold on other machines too, by name."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str
    ratios: dict[str, float] = field(default_factory=dict)

    def as_markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class Record:
    """The command, the machine, the versions and the moment of a measurement."""

    command: str
    machine: str
    versions: str
    code: str
    date: str

    def as_text(self) -> str:
        """Return it as a paragraph."""
        return f"`{self.command}`; {self.machine}; {self.versions}; {self.code}; {self.date}"


def record(arguments: Sequence[str]) -> Record:
    """Return the record of what this process measures now."""
    found = provenance.collect()
    packages = {"python": found["python"], **found["packages"]}
    names = ("python", "tensorflow", "keras", "numpy", "talos", "lime", "celery", "sqlalchemy")
    load = os.getloadavg()[2]
    dirty = ", with changes" if found["dirty"] else ""
    return Record(
        command=shlex.join(["python", "-m", "benchmarks", *map(_without_directory, arguments)]),
        machine=f"{os.cpu_count()} cores ({_processor()}), load of 15 minutes {load:.1f}",
        versions=", ".join(f"{name} {packages[name]}" for name in names),
        code=f"commit {(found['commit'] or 'unknown')[:12]}{dirty}",
        date=datetime.now(UTC).date().isoformat(),
    )


def _without_directory(argument: str) -> str:
    """Return `zip:NAME` for `zip:DIRECTORY/NAME`: where a data set lies tells a reader nothing."""
    return re.sub(r"^(folder|npz|zip):.*/", r"\1:", argument)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def write(part: str, measured: Measured, made: Record, page: Path = PAGE) -> None:
    """Write a measurement into its section of the page, in place of an earlier one."""
    begin, end = f"<!-- begin {part} -->", f"<!-- end {part} -->"
    text = page.read_text()
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    before, rest = text.split(begin, 1)
    _, after = rest.split(end, 1)
    paragraphs = [f"## {measured.title}", measured.as_markdown(), measured.note, made.as_text()]
    page.write_text(f"{before}{begin}\n\n" + "\n\n".join(paragraphs) + f"\n\n{end}{after}")
