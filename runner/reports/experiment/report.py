"""The report of an experiment in all formats."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from runner.errors import InputError
from runner.reports.experiment.document import ExperimentDocument
from runner.reports.experiment.spreadsheet import columns_of, spreadsheet_rows
from runner.reports.experiment.view import (
    answer_notes,
    brief_parts,
    main_table,
    provenance_parts,
    report_parts,
    report_title,
)
from runner.reports.figures.names import overlay_name
from runner.reports.formats.csv_file import Cell, as_csv
from runner.reports.formats.talos_log import as_talos_log
from runner.reports.groups import group_option, group_rows, groups_table, sheet_columns
from runner.reports.model import Figure, Report, Table, captioned, code_of, origin, titled
from runner.reports.records import plain
from runner.store.engine import Store

# For experiments that train, the format `table` has no figures, so that it is fast.
DRAWN_IN = ("json", "markdown", "html")


def experiment_report(
    store: Store, document: ExperimentDocument, *, grouped: bool = False
) -> Report:
    """Return the report of an experiment. CSV and Parquet have a row for each trial or group."""
    return Report(
        report_title(document),
        document,
        lay_out=lambda figures: report_parts(document, figures),
        appendix=lambda: provenance_parts(document),
        brief=lambda: brief_parts(document),
        answer=lambda: answer_notes(document),
        main=lambda: _main_table(document, grouped=grouped),
        draw=lambda: _draw(store, document),
        drawn_in=DRAWN_IN if document.trains else ("table", *DRAWN_IN),
        linked=lambda saved: _linked(document, saved),
        texts={
            "csv": lambda: as_csv(*_sheet(document, grouped=grouped)),
            "talos": lambda: _talos_log(document),
        },
        exports={
            "parquet": lambda: _parquet(document, grouped=grouped),
            "tensorboard": lambda: _event_files(document),
            "optuna": lambda: _study_file(store, document),
        },
    )


def _draw(store: Store, document: ExperimentDocument) -> list[Figure]:
    from runner.reports.experiment.figures import draw

    again = f"runner report {document.experiment}{_grouping(document)} --format html"
    devices = [f"{machine.host} ({machine.device})" for machine in document.machines]
    provenance = document.provenance
    caption = origin([provenance.command], code_of(provenance), devices, again)
    return captioned(draw(store, document), caption)


def _grouping(document: ExperimentDocument) -> str:
    """Return the option that groups the trials as they are grouped here."""
    if not document.trains:
        return ""
    return group_option(document.group_by)


def _linked(document: ExperimentDocument, saved: Mapping[str, str]) -> ExperimentDocument:
    explanations = [
        replace(row, file=saved.get(overlay_name(row))) for row in document.explanations
    ]
    return replace(document, explanations=explanations)


def _talos_log(document: ExperimentDocument) -> str:
    _check_trains(document, "talos", "Talos logs trials only")
    return as_talos_log(document.trials)


def _sheet(
    document: ExperimentDocument, *, grouped: bool
) -> tuple[list[dict[str, Cell]], Sequence[str]]:
    """Return the rows and the columns of CSV and Parquet."""
    if grouped:
        return group_rows(document.groups, document.by), sheet_columns(document.groups)
    return spreadsheet_rows(document), columns_of(document)


def _main_table(document: ExperimentDocument, *, grouped: bool) -> Table:
    if grouped:
        title = titled(document.dataset, "Groups")
        return groups_table(title, document.groups, document.by)
    return main_table(document)


def _parquet(document: ExperimentDocument, *, grouped: bool) -> list[tuple[Path, bytes]]:
    from runner.reports.formats.parquet import as_parquet

    about = {
        "experiment": document.experiment,
        "dataset": plain(document.dataset),
        "provenance": plain(document.provenance),
    }
    return [(Path(), as_parquet(*_sheet(document, grouped=grouped), about))]


def _event_files(document: ExperimentDocument) -> list[tuple[Path, bytes]]:
    from runner.reports.formats.tensorboard import event_files

    _check_trains(document, "tensorboard", "TensorBoard shows training epochs")
    return list(event_files(document.trials, datetime.fromisoformat(document.created_at)))


def _study_file(store: Store, document: ExperimentDocument) -> list[tuple[Path, bytes]]:
    from runner.reports.experiment.optuna_study import optuna_study

    _check_trains(document, "optuna", "a study of Optuna's has trials")
    return [(Path(), optuna_study(store, document.experiment))]


def _check_trains(document: ExperimentDocument, form: str, reason: str) -> None:
    if not document.trains:
        raise InputError(
            f"--format {form}: experiment {document.experiment} is of kind {document.kind}",
            f"an experiment that trains: {reason}",
            "choose an experiment of kind tune or train",
        )
