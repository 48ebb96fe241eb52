"""Lay out the report of an experiment: heading, results and provenance."""

from collections.abc import Sequence

from runner.reports.evaluation import evaluation_parts
from runner.reports.experiment.document import ExperimentDocument
from runner.reports.experiment.training import training_parts, warning_notes
from runner.reports.explanation.view import explanation_parts
from runner.reports.labels import labels, named
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Table,
    dataset_name,
    field_table,
    titled,
    without_folder,
)
from runner.reports.records import plain, values
from runner.states import JobState, Kind

MACHINE = ("host", "device", "version", "jobs")
JOB = ("job", "number", "state", "attempts", "reason")


def report_title(document: ExperimentDocument) -> str:
    """Return the title of a report."""
    return titled(
        document.dataset, f"Experiment {named(document.experiment, document.name)}: {document.kind}"
    )


def report_parts(document: ExperimentDocument, figures: Sequence[Figure]) -> list[Part]:
    """Return the parts of a report."""
    return [
        *_heading(document),
        *_unfinished(document),
        *_not_reproducible(document),
        *_of_several_machines(document),
        *_results(document, figures),
    ]


def _results(document: ExperimentDocument, figures: Sequence[Figure]) -> list[Part]:
    match document.kind:
        case Kind.TRAIN | Kind.TUNE:
            return training_parts(document, figures)
        case Kind.EVALUATE:
            return evaluation_parts(document.dataset, document.evaluations, document.folds, figures)
        case _:
            explained = explanation_parts(
                document.dataset,
                document.explanations,
                document.activations,
                document.configuration.asked_images,
                figures,
            )
            return [*warning_notes(document), *explained]


def provenance_parts(document: ExperimentDocument) -> list[Part]:
    """Return tables with the code version, packages, machines and times of an experiment."""
    dataset, packages = document.dataset, document.provenance.packages
    stored = document.provenance.to_json().items()
    fields = {
        **{name: value for name, value in stored if name != "packages"},
        "packages": ", ".join(f"{name} {version}" for name, version in packages.items()),
        "created_at": document.created_at,
        "ended_at": document.ended_at,
        "dataset": without_folder(dataset.name),
        "fingerprint": dataset.fingerprint,
    }
    machines = [values(machine, MACHINE) for machine in document.machines]
    return [
        field_table(titled(dataset, "Provenance"), fields),
        Table(titled(dataset, "Machines"), MACHINE, machines),
    ]


def _heading(document: ExperimentDocument) -> list[Part]:
    states = ", ".join(f"{count} {state}" for state, count in document.states.items() if count)
    splits = plain(document.dataset.images).items()
    images = ", ".join(f"{count:,} {split}" for split, count in splits)
    return [
        *(Note(line) for line in labels(None, document.tags, document.note)),
        Note(f"jobs: {states}; seed {document.seed}"),
        Note(f"data: {dataset_name(document.dataset)}; images: {images}"),
        *_of_another_dataset(document),
        Note(f"command: {document.provenance.command}"),
    ]


def _of_another_dataset(document: ExperimentDocument) -> list[Part]:
    """Return a note if the explained images are not of the data set that was trained on."""
    trained_on = document.trained_on
    if trained_on.fingerprint == document.dataset.fingerprint:
        return []
    return [Note(f"trained on another data set: {dataset_name(trained_on)}")]


def _not_reproducible(document: ExperimentDocument) -> list[Part]:
    """Return a warning for each trial whose scores changed when it was trained again."""
    return [
        Note(
            f"Job {trial.job} is not reproducible: training it again on the same machine gave"
            f" different scores ({trial.not_reproducible}).",
            warning=True,
        )
        for trial in document.trials
        if trial.not_reproducible
    ]


def _of_several_machines(document: ExperimentDocument) -> list[Part]:
    """Return a warning for each trial that was trained on more than one kind of machine."""
    return [
        Note(
            f"Trial {trial.trial} was trained on several kinds of machines, so its scores cannot be"
            f" reproduced on any one of them: {', then '.join(trial.fingerprints)}.",
            warning=True,
        )
        for trial in document.trials
        if trial.trial is not None and len(trial.fingerprints) > 1
    ]


def _unfinished(document: ExperimentDocument) -> list[Part]:
    """Return a warning and a table of the jobs that have no result."""
    left = [job for job in document.jobs if job.state != JobState.SUCCEEDED]
    if not left:
        return []
    return [
        Note(f"{len(left)} of {len(document.jobs)} jobs have no result.", warning=True),
        Table(
            titled(document.dataset, "Jobs without a result"),
            JOB,
            [values(job, JOB) for job in left],
        ),
    ]
