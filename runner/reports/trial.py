"""All that is known of one trial or one job, for `runner show`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cifar_model.errors import printable
from runner.reports.evaluation import evaluation_rows
from runner.reports.formats.terminal import plain_table, sparkline
from runner.reports.lookup import experiment_row, job_row
from runner.reports.model import Table, field_table, titled
from runner.reports.stats.ranking import BETTER, SCORES, trial_rows
from runner.store.engine import Connection, Store
from runner.store.queries import reports

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


def trial_document(
    store: Store, *, trial: int | None = None, job: int | None = None
) -> dict[str, Any]:
    """Return a trial, or a job and its trial if it made one, with every epoch and attempt.

    `attempts` counts the attempts, as in every document; `attempt_details` holds them.
    """
    with store.read() as connection:
        found = job_row(connection, trial=trial, job=job)
        [row] = trial_rows([found], reports.epochs(connection, job=found["job"]))
        experiment = experiment_row(connection, found["experiment"])
        made = row["trial"]
        return row | {
            "kind": experiment["kind"],
            "dataset": experiment["configuration"]["dataset"],
            "provenance": dict(experiment["provenance"]),
            "attempt_details": _attempts(connection, row["job"]),
            "evaluations": evaluation_rows(connection, trial=made) if made else [],
        }


def _attempts(connection: Connection, job: int) -> list[dict[str, Any]]:
    return [
        {
            "attempt": row["number"],
            **{name: row[name] for name in ("state", "worker", "host", "device")},
            "started_at": row["started_at"].isoformat(timespec="milliseconds"),
            "ended_at": row["ended_at"].isoformat(timespec="milliseconds")
            if row["ended_at"]
            else None,
            "error": row["error"],
        }
        for row in reports.attempts(connection, job)
    ]


def trial_text(document: Mapping[str, Any]) -> str:
    """Return the document as text for a terminal."""
    blocks = [f"{table.title}\n{plain_table(table, 'simple')}" for table in _tables(document)]
    errors = [
        f"Error of attempt {attempt['attempt']}\n{attempt['error'].rstrip()}"
        for attempt in document["attempt_details"]
        if attempt["error"]
    ]
    return printable("\n\n".join([*blocks, *errors]))


def _tables(document: Mapping[str, Any]) -> Iterator[Table]:
    what = f"Job {document['job']}" if document["trial"] is None else f"Trial {document['trial']}"
    shown = (*IDENTITY, *SCORES, "loss_rule", *MACHINE) if document["trial"] else IDENTITY
    yield field_table(titled(document, what), {name: document[name] for name in shown})
    if document["params"]:
        yield field_table(titled(document, "Parameters"), document["params"])
    if document["epochs"]:
        yield Table(titled(document, "Learning curves"), CURVE, _curves(document["epochs"]))
    for title, columns, rows in (
        ("Epochs", EPOCH, document["epochs"]),
        ("Attempts", ATTEMPT, document["attempt_details"]),
        ("Evaluations", EVALUATION, document["evaluations"]),
    ):
        if rows:
            yield Table(titled(document, title), columns, _cells(rows, columns))


def _curves(epochs: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return a row for each metric, each in a scale of its own."""
    rows = []
    for name in BETTER:
        values = [epoch[name] for epoch in epochs]
        low, high = min(values), max(values)
        rows.append([name, sparkline(values, low, high), values[0], low, high, values[-1]])
    return rows


def _cells(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[list[Any]]:
    return [[row[column] for column in columns] for row in rows]
