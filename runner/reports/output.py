"""Write a report in one of its formats."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import InputError
from runner.reports.experiment.document import TRAINS, Document
from runner.reports.experiment.view import provenance_parts, report_parts, report_title
from runner.reports.explanation.view import overlay_name
from runner.reports.formats.csv_file import as_spreadsheet, columns_of, spreadsheet_rows
from runner.reports.formats.markdown import as_markdown
from runner.reports.formats.terminal import as_terminal
from runner.reports.model import Part, Picture, caption_of, captioned
from runner.store.engine import Store

FORMS = ("table", "json", "csv", "talos", "markdown", "html")

# Files for other programs, which need packages of their own.
EXPORTS = ("parquet", "tensorboard")

# What is written where a text would go to stdout.
ALWAYS_WRITTEN = {"html": "report.html", "parquet": "report.parquet", "tensorboard": "tensorboard"}

# For people, and so neither endless nor without pictures.
PICTURED = ("table", "markdown", "html")
SHEETS = ("csv", "talos")


@dataclass(frozen=True, slots=True)
class Produced:
    """Hold the paths of what was written, and the text if it is for stdout."""

    files: list[str]
    text: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Say where a report goes: its text (None: stdout) and its pictures."""

    out: Path | None
    pictures: Path


def produce(store: Store, document: Document, form: str, place: Place) -> Produced:
    """Write the files of a report and return them, with the text that is left for stdout."""
    if form in EXPORTS:
        from runner.reports.output import export_report

        return export_report(document, form, place.out or place.pictures / ALWAYS_WRITTEN[form])
    pictures = captioned(_draw(store, document, form), caption_of(document))
    # A page carries its pictures itself.
    saved = {} if form == "html" else save_pictures(pictures, place.pictures)
    files = [*saved.values(), *([str(place.out)] if place.out else [])]
    explanations = [
        row | {"file": saved.get(overlay_name(row))} for row in document["explanations"]
    ]
    document = document | {"files": files, "explanations": explanations}
    return deliver(_render(document, pictures, form, place), files, place)


def deliver(text: str, files: list[str], place: Place) -> Produced:
    """Write the text where it goes, or hand it back for stdout."""
    if place.out is None:
        return Produced(files, text)
    write_file(place.out, text.encode())
    return Produced(files, None)


def choose_place(home: Path, name: str, form: str, out: Path | None) -> Place:
    """Return where a report goes: under the home by name, or to `out`, its pictures beside it.

    What is no text is always a file. Raises InputError if `out` has no directory to lie in.
    """
    if out is None:
        directory = home / "reports" / name
        file = ALWAYS_WRITTEN.get(form)
        return Place(directory / file if file else None, directory)
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
    return Place(out, out.with_name(f"{out.stem}-files"))


def summarised(files: list[str]) -> list[str]:
    """Return the paths, or for directories with several files how many they are."""
    names: dict[Path, list[str]] = {}
    for file in files:
        names.setdefault(Path(file).parent, []).append(file)
    return [
        found[0] if len(found) == 1 else f"{directory} ({len(found)} files)"
        for directory, found in names.items()
    ]


def _draw(store: Store, document: Document, form: str) -> list[Picture]:
    """Return the pictures of a report; tables of trials are quick to read and to make."""
    if form in SHEETS or (form == "table" and document["kind"] in TRAINS):
        return []
    from runner.reports.experiment.figures import draw

    return draw(store, document)


def save_pictures(pictures: Sequence[Picture], directory: Path) -> dict[str, str]:
    """Write pictures to a directory; return their paths by their names."""
    for picture in pictures:
        write_file(directory / picture.name, picture.content)
    return {picture.name: str(directory / picture.name) for picture in pictures}


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


def _render(document: Document, pictures: list[Picture], form: str, place: Place) -> str:
    if form == "json":
        return as_json(document)
    if form == "csv":
        return as_spreadsheet(document)
    if form == "talos":
        return _talos_log(document)
    parts = report_parts(document, pictures)
    if form != "table":
        parts += provenance_parts(document)
    return render_parts(report_title(document), parts, form, place)


def _talos_log(document: Document) -> str:
    if document["kind"] not in TRAINS:
        raise InputError(
            f"--format talos: experiment {document['experiment']} is of kind {document['kind']}",
            "an experiment that trains: Talos knows of nothing else",
            "name one of kind tune or train",
        )
    from runner.reports.formats.talos_log import as_talos_log

    return as_talos_log(document)


def as_json(document: Document) -> str:
    """Return the document as it is."""
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def render_parts(title: str, parts: list[Part], form: str, place: Place) -> str:
    """Return a report for people."""
    if form == "table":
        return as_terminal(title, parts, place.pictures)
    if form == "html":
        from runner.reports.formats.html import as_page

        return as_page(title, parts)
    beside = place.out.parent if place.out else Path.cwd()
    return as_markdown(title, parts, place.pictures, beside)


def export_report(document: Document, form: str, out: Path) -> Produced:
    """Write an experiment for another program: a file, or for TensorBoard a directory."""
    if form == "parquet":
        about = {name: document[name] for name in ("experiment", "dataset", "provenance")}
        return export_rows(spreadsheet_rows(document), columns_of(document["kind"]), about, out)
    if document["kind"] not in TRAINS:
        raise InputError(
            f"--format tensorboard: experiment {document['experiment']} is of kind"
            f" {document['kind']}",
            "an experiment that trains: TensorBoard shows epochs",
            "name one of kind tune or train",
        )
    from runner.reports.formats.tensorboard import event_files

    files = [(out / path, content) for path, content in event_files(document)]
    for path, content in files:
        write_file(path, content)
    # The directory is what TensorBoard is told.
    return Produced([str(out)], None)


def export_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], about: Mapping[str, Any], out: Path
) -> Produced:
    """Write rows as a Parquet file."""
    from runner.reports.formats.parquet import as_parquet

    write_file(out, as_parquet(rows, columns, about))
    return Produced([str(out)], None)
