"""What must be true of the tables afterwards, found out without any code of the project.

It reads the database with plain SQL and the journal that every attempt wrote.
"""

import hashlib
import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from runner.store.sqlite import sqlite3

Query = Callable[[str], Sequence[tuple[Any, ...]]]

RESULTS = """
    SELECT j.experiment_id, j.number, t.params, t.seed, t.epochs, t.best_epoch, t.loss, t.accuracy,
           t.val_loss, t.val_accuracy, t.best_val_accuracy, t.fingerprint, t.model
      FROM trials t JOIN jobs j ON j.id = t.job_id ORDER BY j.experiment_id, j.number
"""
EPOCHS = """
    SELECT j.experiment_id, j.number, e.epoch, e.loss, e.accuracy, e.val_loss, e.val_accuracy
      FROM epochs e JOIN jobs j ON j.id = e.job_id
     ORDER BY j.experiment_id, j.number, e.epoch
"""


LOCKED_SECONDS = 60


def queries_of(url: str) -> Query:
    """Return what runs a statement on a database."""

    def on_sqlite(statement: str) -> Sequence[tuple[Any, ...]]:
        # A process that was stopped while it wrote keeps the lock until it goes on.
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=LOCKED_SECONDS)) as connection:
            return connection.execute(statement).fetchall()

    def on_postgresql(statement: str) -> Sequence[tuple[Any, ...]]:
        with psycopg.connect(url) as connection:
            return connection.execute(statement.encode()).fetchall()

    return on_sqlite if url.startswith("sqlite:") else on_postgresql


def results(query: Query) -> bytes:
    """Return the results tables as bytes: what may not depend on anything that went wrong."""
    rows = [[_plain(value) for value in row] for row in [*query(RESULTS), *query(EPOCHS)]]
    return "\n".join(json.dumps(row, sort_keys=True) for row in rows).encode()


def _plain(value: Any) -> Any:
    # SQLite keeps JSON as text.
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return value


def faults_found(query: Query, journal: Path) -> list[str]:
    """Return every sentence of the promise that the tables or the journal contradict."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return [
        *_jobs(query),
        *_attempts(query, lines),
        *_epochs(query, lines),
        *_artifacts(query),
    ]


def _jobs(query: Query) -> list[str]:
    found = [
        f"job {job} is {state} ({reason})"
        for job, state, reason in query("SELECT id, state, reason FROM jobs")
        if state != "succeeded"
    ]
    trials = Counter(job for (job,) in query("SELECT job_id FROM trials"))
    jobs = [job for (job,) in query("SELECT id FROM jobs")]
    found += [f"job {job} has {trials[job]} trials" for job in jobs if trials[job] != 1]
    marked = query("SELECT id, not_reproducible FROM jobs WHERE not_reproducible IS NOT NULL")
    return found + [f"job {job} was not reproducible: {words}" for job, words in marked]


def _attempts(query: Query, lines: list[dict[str, Any]]) -> list[str]:
    found = []
    attempts = defaultdict(list)
    for job, number, state in query(
        "SELECT job_id, number, state FROM attempts ORDER BY job_id, number"
    ):
        attempts[job].append((number, state))
    for job, tried in attempts.items():
        numbers = [number for number, _ in tried]
        if numbers != list(range(1, len(numbers) + 1)):
            found.append(f"job {job} has the attempts {numbers}")
        ended = [state for _, state in tried]
        if ended.count("succeeded") != 1 or ended[-1] != "succeeded" or "running" in ended:
            found.append(f"the attempts at job {job} ended {ended}")
    claims = Counter((line["job"], line["attempt"]) for line in lines if line["what"] == "claimed")
    found += [f"attempt {key} was claimed {n} times" for key, n in claims.items() if n > 1]
    known = {(job, number) for job, tried in attempts.items() for number, _ in tried}
    found += [f"attempt {key} is in no table" for key in claims if key not in known]
    counted = Counter(line["job"] for line in lines if line.get("counted"))
    return found + [f"job {job} succeeded {n} times" for job, n in counted.items() if n > 1]


def _epochs(query: Query, lines: list[dict[str, Any]]) -> list[str]:
    found = []
    told = defaultdict(set)
    for line in lines:
        if line["what"] == "epoch":
            told[line["job"], line["epoch"]].add(line["val_loss"])
    found += [f"epoch {key} had the losses {seen}" for key, seen in told.items() if len(seen) > 1]
    stored: dict[tuple[int, int], float] = {}
    for job, epoch, val_loss in query("SELECT job_id, epoch, val_loss FROM epochs"):
        stored[job, epoch] = val_loss
    found += [
        f"epoch {key} was told as {values} and is stored as {stored.get(key)}"
        for key, values in told.items()
        if values != {stored.get(key)}
    ]
    for job, epochs in query("SELECT job_id, epochs FROM trials"):
        missing = [n for n in range(1, epochs + 1) if (job, n) not in stored]
        if missing:
            found.append(f"job {job} lost the epochs {missing}")
    return found


def _artifacts(query: Query) -> list[str]:
    found = []
    for sha256, content in query("SELECT sha256, content FROM artifacts"):
        if hashlib.sha256(zlib.decompress(bytes(content))).hexdigest() != sha256:
            found.append(f"artifact {sha256} is damaged")
    models = query("SELECT model FROM trials WHERE model NOT IN (SELECT sha256 FROM artifacts)")
    return found + [f"model {model} is not stored" for (model,) in models]
