"""Write a report in one of its formats, to stdout or to files."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path

from runner.errors import InputError
from runner.reports.formats.markdown import as_markdown
from runner.reports.formats.terminal import View, as_terminal
from runner.reports.model import Figure, Part, Report
from runner.reports.records import plain

# The default file names of the formats that are never written to stdout.
ALWAYS_WRITTEN = {
    "html": "report.html",
    "parquet": "report.parquet",
    "tensorboard": "tensorboard",
    "optuna": "study.db",
}

# What a SQLite database begins with.
SQLITE = b"SQLite format 3\0"

# The formats for people, which are laid out as parts.
FOR_PEOPLE = ("table", "markdown", "html")


@dataclass(frozen=True, slots=True)
class Written:
    """The paths of the written files, and the text if it is for stdout."""

    files: list[str]
    text: str | None


@dataclass(frozen=True, slots=True)
class Destination:
    """The paths for a report's text (None: stdout) and for its figures."""

    out: Path | None
    figures: Path


def write_report(
    report: Report, form: str, destination: Destination, view: View | None = None
) -> Written:
    """Write a report's files; return their paths, and the text if it is for stdout.

    `view` is how the format `table` is shown on stdout; files have everything.

    Raises ValueError for a format that the report does not have.
    """
    if form in report.exports:
        out = destination.out or destination.figures / ALWAYS_WRITTEN[form]
        for path, content in report.exports[form]():
            write_file(out / path, content)
        return Written([str(out)], None)
    if form in report.texts:
        return _write_text(report.texts[form](), [], destination)
    if form not in ("json", *FOR_PEOPLE):
        raise ValueError(f"this report does not have the format {form!r}")
    figures = report.draw() if form in report.drawn_in else []
    # An HTML page embeds its figures.
    saved = {} if form == "html" else save_figures(figures, destination.figures)
    files = [*saved.values(), *([str(destination.out)] if destination.out else [])]
    if form == "json":
        document = report.linked(saved) if report.linked else report.document
        return _write_text(as_json(_listing(document, files)), files, destination)
    if form == "table":
        return _write_text(_as_table(report, figures, destination, view), files, destination)
    return _write_text(_render(report, figures, form, destination), files, destination)


def choose_destination(home: Path, name: str, form: str, out: Path | None) -> Destination:
    """Return the destination of a report.

    With `out` it is that path, with a directory for the figures beside it; else it is a directory
    under `home`, and stdout for texts. Raises InputError if `out` cannot be written.
    """
    if out is None:
        directory = home / "reports" / name
        file = ALWAYS_WRITTEN.get(form)
        return Destination(directory / file if file else None, directory)
    out = out.absolute()
    if not out.parent.is_dir():
        raise InputError(
            f"--out {out}: the directory {out.parent} does not exist",
            "a path in an existing directory",
            "create the directory or choose another",
        )
    # The output for TensorBoard is a directory, which may exist from an earlier export.
    if (out.exists() and not out.is_dir()) if form == "tensorboard" else out.is_dir():
        raise InputError(
            f"--out {out} is a {'file' if form == 'tensorboard' else 'directory'}",
            f"a {'directory' if form == 'tensorboard' else 'file'} for --format {form}",
            "choose another --out",
        )
    if _is_database(out):
        raise InputError(
            f"--out {out} is a SQLite database, such as the results store",
            "a file that a report may replace",
            "choose another --out",
        )
    return Destination(out, out.with_name(f"{out.stem}-files"))


def _is_database(path: Path) -> bool:
    # Only a regular file is opened: a pipe would wait for somebody who writes to it.
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def summarised(files: list[str]) -> list[str]:
    """Return the paths, with several files of a directory summarised by their number."""
    names: dict[Path, list[str]] = {}
    for file in files:
        names.setdefault(Path(file).parent, []).append(file)
    return [
        found[0] if len(found) == 1 else f"{directory} ({len(found)} files)"
        for directory, found in names.items()
    ]


def save_figures(figures: Sequence[Figure], directory: Path) -> dict[str, str]:
    """Write figures to a directory; return their paths by name."""
    for figure in figures:
        write_file(directory / figure.name, figure.content)
    return {figure.name: str(directory / figure.name) for figure in figures}


def write_file(path: Path, content: bytes) -> None:
    """Write a file, creating its directories; raise InputError if it cannot be written."""
    with place_for(path):
        path.write_bytes(content)


@contextmanager
def place_for(path: Path) -> Iterator[None]:
    """Create the directories of a file; raise InputError if the block cannot write it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}",
            "a writable directory with enough free space",
            "correct --out or RUNNER_HOME",
        ) from error


def as_json(document: object) -> str:
    """Return the document as JSON text."""
    return json.dumps(plain(document), indent=2, allow_nan=False) + "\n"


def _listing(document: object, files: list[str]) -> object:
    """Return the document with its field `files` set, if it has one."""
    if is_dataclass(document) and not isinstance(document, type) and hasattr(document, "files"):
        return replace(document, files=files)
    return document


def _write_text(text: str, files: list[str], destination: Destination) -> Written:
    if destination.out is None:
        return Written(files, text)
    write_file(destination.out, text.encode())
    return Written(files or [str(destination.out)], None)


def _as_table(
    report: Report, figures: Sequence[Figure], destination: Destination, view: View | None
) -> str:
    view = view or View()
    if destination.out is not None:
        view = replace(view, width=None, color=False)
    if view.columns and report.main:
        parts: list[Part] = [report.main()]
    elif view.width and report.brief:
        parts = report.brief()
    else:
        parts = report.lay_out(figures)
    return as_terminal(report.title, parts, destination.figures, view)


def _render(report: Report, figures: Sequence[Figure], form: str, destination: Destination) -> str:
    """Return the text of a report as Markdown or HTML."""
    parts = [*report.lay_out(figures), *report.appendix()]
    if form == "html":
        from runner.reports.formats.html import as_page

        return as_page(report.title, parts, report.answer())
    beside = destination.out.parent if destination.out else Path.cwd()
    return as_markdown(report.title, parts, destination.figures, beside)
