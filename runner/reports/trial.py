"""The document and the text of one trial or one job, for `runner show`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cifar_model.data import Description
from cifar_model.errors import printable
from runner.reports.evaluation import evaluations_of
from runner.reports.formats.terminal import plain_table, sparkline
from runner.reports.lookup import experiment_row, job_row
from runner.reports.model import Table, field_table, titled
from runner.reports.records import Epoch, Evaluation, Trial, chosen, fields_of, values
from runner.reports.stats.ranking import BETTER, SCORES
from runner.reports.trials import trials_of
from runner.specs import Provenance
from runner.store.engine import Store
from runner.store.queries import reports
from runner.store.queries.rows import AttemptRow

ATTEMPT = ("attempt", "state", "worker", "host", "device", "started_at", "ended_at")
EPOCH = ("epoch", *BETTER, "seconds")
EVALUATION = (
    *("evaluation", "split", "images", "loss", "accuracy", "accuracy_interval", "log_loss"),
    "loss_rule",
)
CURVE = ("metric", "by epoch", "first", "lowest", "highest", "last")
IDENTITY = (
    *("trial", "job", "experiment", "kind", "number", "state", "reason"),
    *("not_reproducible", "seed"),
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
    """

    kind: str
    dataset: Description
    provenance: Provenance
    attempt_details: list[Attempt]
    evaluations: list[Evaluation]


def trial_document(
    store: Store, *, trial: int | None = None, job: int | None = None
) -> TrialDocument:
    """Return the document of a trial or of a job, by its number."""
    with store.read() as connection:
        found = job_row(connection, trial=trial, job=job)
        [row] = trials_of([found], reports.epochs(connection, job=found.job))
        experiment = experiment_row(connection, found.experiment)
        return TrialDocument(
            **fields_of(row),
            kind=experiment.kind,
            dataset=experiment.configuration.dataset,
            provenance=experiment.provenance,
            attempt_details=[_attempt(each) for each in reports.attempts(connection, row.job)],
            evaluations=evaluations_of(connection, trial=row.trial) if row.trial else [],
        )


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


def trial_text(document: TrialDocument) -> str:
    """Return the document as text for a terminal."""
    blocks = [f"{table.title}\n{plain_table(table, 'simple')}" for table in trial_tables(document)]
    errors = [
        f"Error of attempt {attempt.attempt}\n{attempt.error.rstrip()}"
        for attempt in document.attempt_details
        if attempt.error
    ]
    return printable("\n\n".join([*blocks, *errors]))


def trial_tables(document: TrialDocument) -> Iterator[Table]:
    """Yield the tables of the document."""
    dataset = document.dataset
    what = f"Job {document.job}" if document.trial is None else f"Trial {document.trial}"
    shown = (*IDENTITY, *SCORES, "loss_rule", *MACHINE) if document.trial else IDENTITY
    yield field_table(titled(dataset, what), chosen(document, shown))
    if document.params:
        yield field_table(titled(dataset, "Parameters"), document.params)
    if document.epochs:
        yield Table(titled(dataset, "Learning curves"), CURVE, _curves(document.epochs))
    for title, columns, records in (
        ("Epochs", EPOCH, document.epochs),
        ("Attempts", ATTEMPT, document.attempt_details),
        ("Evaluations", EVALUATION, document.evaluations),
    ):
        if records:
            rows = [values(record, columns) for record in records]
            yield Table(titled(dataset, title), columns, rows)


def _curves(epochs: Sequence[Epoch]) -> list[list[Any]]:
    """Return a row for each metric, each with its own scale."""
    rows = []
    for name in BETTER:
        scores: list[float] = [getattr(epoch, name) for epoch in epochs]
        first, low, high, last = scores[0], min(scores), max(scores), scores[-1]
        rows.append([name, sparkline(scores, low, high), first, low, high, last])
    return rows
