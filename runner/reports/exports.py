"""Reports that are files for other programs, never text: Parquet, and TensorBoard's events."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.errors import InputError
from runner.reports.experiment.document import TRAINS, Document
from runner.reports.formats.spreadsheet import columns_of, spreadsheet_rows
from runner.reports.output import Produced, write_file


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
