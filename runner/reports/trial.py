"""The document and the text of one trial or one job, for `runner show`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cifar_model.data import Description
from cifar_model.objective import PATIENCE, STOPPED, reported, score
from runner.reports.evaluation import evaluations_of, next_for_trial
from runner.reports.formats.terminal import View, as_terminal, sparkline
from runner.reports.lookup import experiment_row, job_row
from runner.reports.model import (
    Note,
    Part,
    Table,
    as_text,
    field_table,
    next_steps,
    titled,
    value_and_interval,
    with_interval,
)
from runner.reports.records import Epoch, Evaluation, Trial, chosen, fields_of, values
from runner.reports.selection import VALIDATION_SHARES
from runner.reports.stats.ranking import SCORES
from runner.reports.stats.uncertainty import accuracy_interval, known_interval
from runner.reports.trials import code_parts, source_of, trials_of
from runner.specs import Provenance
from runner.store.engine import Store
from runner.store.queries import reports
from runner.store.queries.rows import AttemptRow

ATTEMPT = ("attempt", "state", "worker", "host", "device", "started_at", "ended_at")
EVALUATION = (
    *("evaluation", "split", "images", "loss", "accuracy", "accuracy_interval", "log_loss"),
    "loss_rule",
)
CURVE = ("metric", "by epoch", "first", "lowest", "highest", "last")
IDENTITY = (
    *("trial", "job", "experiment", "kind", "number", "state", "reason"),
    *("not_reproducible", "network", "code", "seed"),
)
MACHINE = ("fingerprint", "fingerprints", "model")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a job, and its error if it failed."""

    attempt: int
    state: str
    worker: str
    host: str
    device: str
    started_at: str
    ended_at: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class TrialDocument(Trial):
    """A trial or a job, with all epochs, attempts and evaluations.

    `attempts` is the number of attempts, as in every document; `attempt_details` has the attempts.
    `source` is the code of the network, None for a built-in one.
    """

    kind: str
    dataset: Description
    provenance: Provenance
    attempt_details: list[Attempt]
    evaluations: list[Evaluation]
    source: str | None


def trial_document(
    store: Store, *, trial: int | None = None, job: int | None = None
) -> TrialDocument:
    """Return the document of a trial or of a job, by its number."""
    with store.read() as connection:
        found = job_row(connection, trial=trial, job=job)
        [row] = trials_of([found], reports.epochs(connection, job=found.job))
        experiment = experiment_row(connection, found.experiment)
        document = TrialDocument(
            **fields_of(row),
            kind=experiment.kind,
            dataset=experiment.configuration.dataset,
            provenance=experiment.provenance,
            attempt_details=[_attempt(each) for each in reports.attempts(connection, row.job)],
            evaluations=evaluations_of(connection, trial=row.trial) if row.trial else [],
            source=None,
        )
    # On a connection of its own, once this one is free.
    return replace(document, source=source_of(store, document.code))


def _attempt(row: AttemptRow) -> Attempt:
    return Attempt(
        attempt=row.number,
        state=row.state,
        worker=row.worker,
        host=row.host,
        device=row.device,
        started_at=row.started_at.isoformat(timespec="milliseconds"),
        ended_at=row.ended_at.isoformat(timespec="milliseconds") if row.ended_at else None,
        error=row.error,
    )


def trial_text(document: TrialDocument, view: View | None = None) -> str:
    """Return the document as text for a terminal."""
    view = view or View()
    title = titled(document.dataset, _what(document))
    if view.columns:
        parts: list[Part] = [_main_table(document)]
    elif view.width:
        parts = [*_brief(document), *_errors(document)]
    else:
        parts = [*trial_tables(document), *_errors(document), *code_parts([document])]
    return as_terminal(title, parts, Path(), view)


def _what(document: TrialDocument) -> str:
    return f"Job {document.job}" if document.trial is None else f"Trial {document.trial}"


def _errors(document: TrialDocument) -> list[Part]:
    return [
        Note(f"\nError of attempt {attempt.attempt}\n{attempt.error.rstrip()}")
        for attempt in document.attempt_details
        if attempt.error
    ]


def _brief(document: TrialDocument) -> Iterator[Part]:
    """Yield the parts for a terminal: state and scores, params, curves and evaluations."""
    reason = f": {document.reason}" if document.reason else ""
    yield Note(
        f"{document.state}{reason}; job {document.job}, number {document.number} of experiment"
        f" {document.experiment} ({document.kind}); seed {document.seed}"
    )
    if document.objective is not None:
        yield Note(_scores(document, document.objective))
    yield from _remarks(document)
    for evaluation in document.evaluations:
        score = with_interval(evaluation.accuracy, evaluation.accuracy_interval)
        split = evaluation.split if evaluation.fold is None else f"{evaluation.split}, fold"
        yield Note(f"{split}: accuracy {score} on {evaluation.images:,} images.")
    if document.code is not None:
        yield Note(f"network: {document.network}, SHA-256 {document.code[:12]}; --wide shows it")
    if document.params:
        said = ", ".join(f"{name} {as_text(value)}" for name, value in document.params.items())
        yield Note(f"params: {said}")
    if document.epochs:
        yield Table("Learning curves", CURVE, _rounded(document, _curves(document.epochs)))
    rows = [values(attempt, ATTEMPT) for attempt in document.attempt_details]
    if len(rows) > 1 or (rows and document.trial is None):
        yield Table("Attempts", ATTEMPT, rows)
    shown = f"--job {document.job}" if document.trial is None else str(document.trial)
    steps = [(f"runner show {shown} --wide", "everything")]
    if document.trial is not None:
        evaluated = any(each.split == "test" for each in document.evaluations)
        if document.predicts:
            steps.insert(0, next_for_trial(document.trial, evaluated=evaluated))
    yield next_steps(steps)


def _remarks(document: TrialDocument) -> Iterator[Note]:
    if document.reused is not None:
        yield Note(f"It was not trained again: its results are those of trial {document.reused}.")
    if document.not_reproducible:
        yield Note(f"It is not reproducible: {document.not_reproducible}.", warning=True)


def _rounded(document: TrialDocument, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return the rows of curves; accuracies have the digits that their intervals support."""
    images = document.dataset.images
    counts = {"accuracy": images.train, "val_accuracy": images.validation}
    return [
        [*row[:2], *(_accuracy(value, counts[row[0]]) for value in row[2:])]
        if counts.get(row[0])
        else list(row)
        for row in rows
    ]


def _accuracy(value: float, images: int) -> str:
    return value_and_interval(value, accuracy_interval(value, images))[0]


def _scores(document: TrialDocument, metric: str) -> str:
    value, images = score(document, metric), document.dataset.images.validation
    interval = known_interval(value, images) if metric in VALIDATION_SHARES else None
    said = f"{metric} {with_interval(value, interval)}{', 95 % interval,' if interval else ''}"
    epochs = f"{document.trained_epochs} epoch{'s' * (document.trained_epochs != 1)}"
    seconds = "" if document.seconds is None else f" and {document.seconds:.1f} s"
    words = {PATIENCE: ", ended by patience", STOPPED: ", stopped early"}
    ended = words.get(document.ended_by or "", "")
    return f"{said} after {epochs}{seconds}{ended}"


MAIN = (
    *(*IDENTITY, *SCORES, "trained_epochs", "ended_by", "reused", "attempts", "loss_rule"),
    *("fingerprint", "model"),
)


def _main_table(document: TrialDocument) -> Table:
    """Return one row with every field and param, from which `--columns` chooses."""
    fields = {**chosen(document, MAIN), **document.metrics, **document.params}
    return Table(_what(document), list(fields), [list(fields.values())])


def trial_tables(document: TrialDocument) -> Iterator[Table]:
    """Yield the tables of the document."""
    dataset = document.dataset
    of_trial = (*SCORES, "ended_by", "reused", "loss_rule", *MACHINE)
    shown = (*IDENTITY, *of_trial) if document.trial else IDENTITY
    fields = chosen(document, shown) | dict(document.metrics)
    known = {
        name: value for name, value in fields.items() if value is not None or name not in SCORES
    }
    yield field_table(titled(dataset, _what(document)), known)
    if document.params:
        yield field_table(titled(dataset, "Parameters"), document.params)
    if document.epochs:
        yield Table(titled(dataset, "Learning curves"), CURVE, _curves(document.epochs))
    if document.epochs:
        metrics = reported(document.epochs)
        columns = ("epoch", *metrics, "seconds")
        rows = [
            [of.epoch, *(score(of, name) for name in metrics), of.seconds] for of in document.epochs
        ]
        yield Table(titled(dataset, "Epochs"), columns, rows)
    for title, columns, records in (
        ("Attempts", ATTEMPT, document.attempt_details),
        ("Evaluations", EVALUATION, document.evaluations),
    ):
        if records:
            rows = [values(record, columns) for record in records]
            yield Table(titled(dataset, title), columns, rows)


def _curves(epochs: Sequence[Epoch]) -> list[list[Any]]:
    """Return a row for each metric, each with its own scale."""
    rows = []
    for name in reported(epochs):
        found = [score(epoch, name) for epoch in epochs]
        scores = [value for value in found if value is not None]
        first, low, high, last = scores[0], min(scores), max(scores), scores[-1]
        rows.append([name, sparkline(scores, low, high), first, low, high, last])
    return rows
