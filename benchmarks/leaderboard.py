"""How long `runner report --top 20` takes among 100,000 trials with 1,000,000 epochs.

python -m benchmarks.leaderboard [sqlite|postgresql]
"""

import os
import resource
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert

from runner.store.engine import Store, upgrade
from runner.store.schema import Artifact, Attempt, Epoch, Experiment, Job, Trial, Worker
from tests.postgresql_server import PostgresqlServer

TRIALS, EPOCHS, BATCH, REPETITIONS = 100_000, 10, 5_000, 5
THEN = datetime(2026, 1, 1, tzinfo=UTC)

DATASET: dict[str, Any] = {
    "name": "cifar10",
    "title": "CIFAR-10",
    "fingerprint": "0123456789abcdef" * 4,
    "classes": [f"class {number}" for number in range(10)],
    "shape": [32, 32, 3],
    "images": {"train": 40_000, "validation": 10_000, "test": 10_000},
}

QUESTIONS = (
    ("the best 20", ["--top", "20"]),
    ("the best 20 by another metric", ["--top", "20", "--by", "val_loss"]),
    ("the best 20 with a param", ["--top", "20", "--where", "optimizer=nadam"]),
)


def main(databases: list[str]) -> None:
    for database in databases or ["sqlite", "postgresql"]:
        with ExitStack() as stack:
            url = make_database(stack, database)
            fill(url)
            for title, options in QUESTIONS:
                print(f"{database}: {title}: {measured(url, options)}", flush=True)


def make_database(stack: ExitStack, database: str) -> str:
    if database == "sqlite":
        return f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/runner.db"
    if database != "postgresql":
        sys.exit(f"{database!r} is no database that is measured: name sqlite or postgresql")
    server = PostgresqlServer()
    stack.callback(server.close)
    return stack.enter_context(server.database())


def fill(url: str) -> None:
    """Store trials that exist only on paper, several thousand in a transaction."""
    upgrade(url)
    store = Store(url)
    random = Random(0)  # noqa: S311 (no secret)
    with store.write() as connection:
        connection.execute(insert(Artifact), {"sha256": "0" * 64, "size": 0, "content": b""})
        process = {"host": "host", "pid": 1, "process_started": "then", "device": "cpu"}
        connection.execute(insert(Worker), {"name": "worker", "version": "0", **process})
        configuration = {"dataset": DATASET, "epochs": None, "threads": 1}
        experiment = {"kind": "tune", "seed": 0, "configuration": configuration, "provenance": {}}
        connection.execute(insert(Experiment), {"id": 1, **experiment})
    for start in range(1, TRIALS + 1, BATCH):
        with store.write() as connection:
            numbers = range(start, start + BATCH)
            trials = [trial(number, random) for number in numbers]
            connection.execute(insert(Job), [job(row) for row in trials])
            attempt = {"number": 1, "state": "succeeded", "worker": "worker", "ended_at": THEN}
            connection.execute(insert(Attempt), [{"job_id": n, **attempt} for n in numbers])
            connection.execute(insert(Epoch), [row for one in trials for row in epochs(one)])
            connection.execute(insert(Trial), trials)
    store.close()


def trial(number: int, random: Random) -> dict[str, Any]:
    params = {
        "lr": random.choice([0.001, 0.003, 0.01]),
        "batch_size": random.randrange(30, 50),
        "epochs": EPOCHS,
        "dropout": 0.2,
        "optimizer": random.choice(["adam", "nadam"]),
        "losses": random.choice(["logcosh", "categorical_crossentropy"]),
        "activation": random.choice(["relu", "elu"]),
        "last_activation": random.choice(["sigmoid", "softmax"]),
    }
    scores = {name: random.random() for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    return {
        "id": number,
        "job_id": number,
        "params": params,
        "seed": 0,
        "dataset": DATASET,
        "epochs": EPOCHS,
        "best_epoch": EPOCHS,
        "best_val_accuracy": scores["val_accuracy"],
        "seconds": 700.0,
        "fingerprint": "one machine",
        "model": "0" * 64,
        **scores,
    }


def job(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "experiment_id": 1,
        "number": row["id"],
        "state": "succeeded",
        "configuration": {"params": row["params"]},
        "attempts": 1,
        "ended_at": THEN,
    }


def epochs(row: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("loss", "accuracy", "val_loss", "val_accuracy", "fingerprint")
    shared = {"job_id": row["id"], "attempt": 1, "seconds": 70.0}
    shared |= {name: row[name] for name in names}
    return [shared | {"epoch": epoch} for epoch in range(1, EPOCHS + 1)]


# What the command imports is there before the clock starts.
PROGRAM = """
import sys, time
import runner.reports.filters, runner.reports.leaderboard, runner.store.engine
from runner.cli import main
started = time.perf_counter()
try:
    main()
finally:
    print(time.perf_counter() - started, file=sys.stderr)
"""


def measured(url: str, options: list[str]) -> str:
    """Return the median seconds of the command after its start-up, and the peak of its memory."""
    seconds = []
    for _ in range(REPETITIONS):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "report", *options],
            env=os.environ | {"RUNNER_DATABASE_URL": url},
            cwd=Path(__file__).resolve().parent.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds.append(float(done.stderr.splitlines()[-1]))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return f"{sorted(seconds)[REPETITIONS // 2]:.2f} s after start-up, at most {memory:.0f} MB"


if __name__ == "__main__":
    main(sys.argv[1:])
