"""Write a report in one of its formats: to stdout, or to files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path

from runner.errors import InputError
from runner.reports.formats.markdown import as_markdown
from runner.reports.formats.terminal import as_terminal
from runner.reports.model import Figure, Part, Report
from runner.reports.records import plain

# What is written where a text would go to stdout.
ALWAYS_WRITTEN = {"html": "report.html", "parquet": "report.parquet", "tensorboard": "tensorboard"}

# For people, and so neither endless nor without figures.
FOR_PEOPLE = ("table", "markdown", "html")


@dataclass(frozen=True, slots=True)
class Written:
    """Hold the paths of what was written, and the text if it is for stdout."""

    files: list[str]
    text: str | None


@dataclass(frozen=True, slots=True)
class Destination:
    """Say where a report goes: its text (None: stdout) and its figures."""

    out: Path | None
    figures: Path


def write_report(report: Report, form: str, destination: Destination) -> Written:
    """Write a report's files; return their paths, and the text that is left for stdout.

    Raises ValueError for a format that the report is not offered in.
    """
    if form in report.exports:
        out = destination.out or destination.figures / ALWAYS_WRITTEN[form]
        for path, content in report.exports[form]():
            write_file(out / path, content)
        return Written([str(out)], None)
    if form in report.texts:
        return _write_text(report.texts[form](), [], destination)
    if form not in ("json", *FOR_PEOPLE):
        raise ValueError(f"a report in the format {form!r}, which it is not offered in")
    figures = report.draw() if form in report.drawn_in else []
    # A page carries its figures itself.
    saved = {} if form == "html" else save_figures(figures, destination.figures)
    files = [*saved.values(), *([str(destination.out)] if destination.out else [])]
    if form == "json":
        document = report.linked(saved) if report.linked else report.document
        return _write_text(as_json(_listing(document, files)), files, destination)
    return _write_text(_render(report, figures, form, destination), files, destination)


def choose_destination(home: Path, name: str, form: str, out: Path | None) -> Destination:
    """Return where a report goes: under the home by name, or to `out`, its figures beside it.

    What is no text is always a file. Raises InputError if `out` has no directory to lie in.
    """
    if out is None:
        directory = home / "reports" / name
        file = ALWAYS_WRITTEN.get(form)
        return Destination(directory / file if file else None, directory)
    out = out.absolute()
    if not out.parent.is_dir():
        raise InputError(
            f"--out {out}: there is no directory {out.parent}",
            "a file in a directory that exists",
            "make the directory, or choose another",
        )
    # TensorBoard's is a directory, and may be there from the time before.
    if (out.exists() and not out.is_dir()) if form == "tensorboard" else out.is_dir():
        raise InputError(
            f"--out {out} is a {'file' if form == 'tensorboard' else 'directory'}",
            f"a {'directory' if form == 'tensorboard' else 'file'} for --format {form}",
            "choose another --out",
        )
    return Destination(out, out.with_name(f"{out.stem}-files"))


def summarised(files: list[str]) -> list[str]:
    """Return the paths, or for directories with several files how many they are."""
    names: dict[Path, list[str]] = {}
    for file in files:
        names.setdefault(Path(file).parent, []).append(file)
    return [
        found[0] if len(found) == 1 else f"{directory} ({len(found)} files)"
        for directory, found in names.items()
    ]


def save_figures(figures: Sequence[Figure], directory: Path) -> dict[str, str]:
    """Write figures to a directory; return their paths by their names."""
    for figure in figures:
        write_file(directory / figure.name, figure.content)
    return {figure.name: str(directory / figure.name) for figure in figures}


def write_file(path: Path, content: bytes) -> None:
    """Write a file and the directories it lies in; raise InputError if that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}",
            "a directory that can be written to, with room in it",
            "correct --out or RUNNER_HOME",
        ) from error


def as_json(document: object) -> str:
    """Return the document as it is."""
    return json.dumps(plain(document), indent=2, allow_nan=False) + "\n"


def _listing(document: object, files: list[str]) -> object:
    """Return the document with the files that were written, if it lists them."""
    if is_dataclass(document) and not isinstance(document, type) and hasattr(document, "files"):
        return replace(document, files=files)
    return document


def _write_text(text: str, files: list[str], destination: Destination) -> Written:
    if destination.out is None:
        return Written(files, text)
    write_file(destination.out, text.encode())
    return Written(files or [str(destination.out)], None)


def _render(report: Report, figures: Sequence[Figure], form: str, destination: Destination) -> str:
    """Return a report for people."""
    parts: list[Part] = report.lay_out(figures)
    if form == "table":
        return as_terminal(report.title, parts, destination.figures)
    parts += report.appendix()
    if form == "html":
        from runner.reports.formats.html import as_page

        return as_page(report.title, parts)
    beside = destination.out.parent if destination.out else Path.cwd()
    return as_markdown(report.title, parts, destination.figures, beside)
