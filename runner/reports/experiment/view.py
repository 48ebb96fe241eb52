"""Lay out the report of an experiment: heading, results and provenance."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from runner.reports.evaluation import (
    brief_evaluation_parts,
    evaluation_parts,
    folds_table,
    scores_table,
)
from runner.reports.experiment.budget import budget_line
from runner.reports.experiment.document import ExperimentDocument
from runner.reports.experiment.search import search_line
from runner.reports.experiment.training import (
    brief_training_parts,
    training_parts,
    trials_table,
    warning_notes,
)
from runner.reports.explanation.life import life_parts
from runner.reports.explanation.view import (
    brief_explanation_parts,
    explanation_parts,
    explanations_table,
    shortcut_notes,
)
from runner.reports.groups import group_option
from runner.reports.labels import labels, named
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Table,
    dataset_name,
    field_table,
    first_rows,
    next_steps,
    titled,
    without_folder,
)
from runner.reports.records import plain, values
from runner.reports.stats.ranking import PARAMS
from runner.reports.trials import code_parts
from runner.states import JobState, Kind
from runner.store.lifecycle.tuning.asking import ENDS

SUBMISSION = ("submission", "created_at", "command", "version", "downsample", "jobs")
MACHINE = ("host", "device", "version", "jobs")
# The number of jobs without a result in a report for a terminal.
MOST_JOBS = 5

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


def brief_parts(document: ExperimentDocument) -> list[Part]:
    """Return the parts of a report for a terminal: the answer first, the next commands last."""
    return [
        *(Note(line) for line in labels(None, document.tags, document.note)),
        Note(_jobs_and_images(document)),
        *_search(document),
        *_of_another_dataset(document),
        *_brief_results(document, _troubles(document), _steps(document)),
    ]


def answer_notes(document: ExperimentDocument) -> list[Note]:
    """Return the notes that a page begins with: the answer, and the next commands."""
    *parts, steps = _brief_results(document, _troubles(document), _to_debug(document))
    notes = takewhile(lambda part: isinstance(part, Note), parts)
    going_on = [] if steps == next_steps([]) else [steps]
    return [part for part in (*notes, *going_on) if isinstance(part, Note)]


def _troubles(document: ExperimentDocument) -> list[Part]:
    """Return the warnings, with the first of the jobs that have no result."""
    shown: list[Part] = []
    for part in _unfinished(document):
        shown += first_rows(part, MOST_JOBS) if isinstance(part, Table) else [part]
    return [
        *shown,
        *_not_reproducible(document),
        *_of_several_machines(document),
        *warning_notes(document),
        *shortcut_notes(document.shortcuts or None),
    ]


def _steps(document: ExperimentDocument) -> list[tuple[str, str]]:
    report = f"runner report {document.experiment}{_grouping(document)}"
    more = [(f"{report} --wide", "everything"), (f"{report} --format html", "with figures")]
    return [*_to_debug(document), *more]


def _to_debug(document: ExperimentDocument) -> list[tuple[str, str]]:
    failed = [job.job for job in document.jobs if job.state == JobState.FAILED]
    return [(f"runner show --job {failed[0]}", "its error")] if failed else []


def _brief_results(
    document: ExperimentDocument, troubles: Sequence[Part], steps: Sequence[tuple[str, str]]
) -> list[Part]:
    match document.kind:
        case Kind.TRAIN | Kind.TUNE:
            return brief_training_parts(document, troubles, steps)
        case Kind.EVALUATE:
            found = brief_evaluation_parts(document.evaluations, document.folds)
        case _:
            verdicts, *others = brief_explanation_parts(document.explanations)
            found = [verdicts, *life_parts(document.dataset, document.life), *others]
    return [*found[:1], *troubles, *found[1:], next_steps(steps)]


def _grouping(document: ExperimentDocument) -> str:
    """Return the option that groups the trials as here; nothing if that is the default."""
    by_all = set(document.group_by) == set(PARAMS)
    is_default = by_all if document.repeats else not document.group_by
    return "" if is_default else group_option(document.group_by)


def main_table(document: ExperimentDocument) -> Table:
    """Return the table that `--columns` chooses from."""
    match document.kind:
        case Kind.TRAIN | Kind.TUNE:
            return trials_table(document)
        case Kind.EVALUATE if document.folds:
            return folds_table(document.dataset, document.evaluations)
        case Kind.EVALUATE:
            return scores_table(document.dataset, document.evaluations)
        case _:
            return explanations_table(document.dataset, document.explanations)


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
            return [
                *warning_notes(document),
                *shortcut_notes(document.shortcuts),
                *life_parts(document.dataset, document.life),
                *explained,
            ]


def provenance_parts(document: ExperimentDocument) -> list[Part]:
    """Return tables with the code version, packages, machines and times of an experiment."""
    dataset, packages = document.dataset, document.provenance.packages
    stored = document.provenance.to_json().items()
    fields = {
        **{name: value for name, value in stored if name != "packages"},
        "packages": ", ".join(f"{name} {version}" for name, version in packages.items()),
        "created_at": document.created_at,
        "ended_at": document.ended_at,
    }
    if dataset:
        of_dataset = {"dataset": without_folder(dataset.name), "fingerprint": dataset.fingerprint}
        fields |= of_dataset
    machines = [values(machine, MACHINE) for machine in document.machines]
    return [
        field_table(titled(dataset, "Provenance"), fields),
        *_submissions(document),
        Table(titled(dataset, "Machines"), MACHINE, machines),
        *code_parts([document]),
    ]


def _submissions(document: ExperimentDocument) -> list[Part]:
    """Return a table of what later submissions added; nothing if there were none."""
    if not document.submissions:
        return []
    rows = [values(submission, SUBMISSION) for submission in document.submissions]
    return [Table(titled(document.dataset, "Later submissions"), SUBMISSION, rows)]


def _jobs_and_images(document: ExperimentDocument) -> str:
    return "; ".join([_jobs(document), *_images(document)])


def _jobs(document: ExperimentDocument) -> str:
    states = ", ".join(f"{count} {state}" for state, count in document.states.items() if count)
    return f"jobs: {states}; seed {document.seed}"


def _search(document: ExperimentDocument) -> list[Part]:
    search, budget = document.search, document.budget
    if search and budget and search.ended == budget.ended:
        # The line of the search says it.
        budget = replace(budget, ended=None)
    return [
        *([Note(search_line(search))] if search else []),
        *([Note(budget_line(budget))] if budget else []),
    ]


def _images(document: ExperimentDocument) -> list[str]:
    """Return how many images each split has; nothing without a data set."""
    splits = plain(document.dataset.images).items()
    counts = ", ".join(f"{count:,} {split}" for split, count in splits)
    return [f"images: {counts}"] if document.dataset else []


def _count(jobs: int) -> str:
    return "1 job" if jobs == 1 else f"{jobs:,} jobs"


def _heading(document: ExperimentDocument) -> list[Part]:
    data = [Note(f"data: {dataset_name(document.dataset)}; {said}") for said in _images(document)]
    return [
        *(Note(line) for line in labels(None, document.tags, document.note)),
        Note(_jobs(document)),
        *_search(document),
        *data,
        *_of_another_dataset(document),
        Note(f"command: {document.provenance.command}"),
        *(
            Note(f"{_count(submission.jobs)} added by: {submission.command}")
            for submission in document.submissions
        ),
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
    left = [
        job for job in document.jobs if job.state != JobState.SUCCEEDED and job.reason not in ENDS
    ]
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
