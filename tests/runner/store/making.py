"""Experiments, workers and results for the tests of the store, in one line each."""

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from sqlalchemy import text

from cifar_model.data import Split
from cifar_model.explanation.regions import curve_counts
from cifar_model.explanation.verdict import RULES
from cifar_model.results import (
    LOSS_RULE,
    Epoch,
    Evaluation,
    Explained,
    Explanation,
    LayerOutput,
)
from runner.states import AttemptState, Kind
from runner.store.dialects import make_file
from runner.store.engine import Store
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.experiments import NewExperiment, create
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.results import write_trial
from runner.store.lifecycle.workers import WorkerProcess, worker_seen
from runner.store.url import database_url

InProcesses = Callable[[int, Callable[[int], Any]], list[Any]]

DATASET = {
    "name": "shapes",
    "title": "shapes (built in)",
    "fingerprint": "fedcba9876543210" * 4,
    "classes": ["circle", "square"],
    "shape": [8, 8, 3],
    "images": {"train": 40, "validation": 10, "test": 10},
}
FINGERPRINT = "one machine"


def make_empty(url: str) -> None:
    """Make the file of a SQLite database; nothing else of it."""
    if url.startswith("sqlite:"):
        make_file(database_url(url))


def make_experiment(store: Store, jobs: int | list[dict[str, Any]] = 1, **changes: Any) -> int:
    """Create an experiment with these jobs, or with so many that differ in their dropout."""
    values: dict[str, Any] = {
        "kind": Kind.TUNE,
        "seed": 7,
        "configuration": {"dataset": DATASET, "epochs": None, "threads": 1},
        "provenance": {"command": "runner submit tune"},
    }
    if isinstance(jobs, int):
        jobs = [{"params": {"dropout": 0.01 * number}} for number in range(jobs)]
    return create(store, NewExperiment(jobs=jobs, **(values | changes)))


def make_jobs(store: Store, count: int = 1) -> list[int]:
    """Create an experiment; return the ids of its jobs."""
    return job_ids(store, make_experiment(store, count))


def job_ids(store: Store, experiment_id: int) -> list[int]:
    """Return the ids of an experiment's jobs."""
    statement = text("SELECT id FROM jobs WHERE experiment_id = :id ORDER BY id")
    with store.read() as connection:
        return list(connection.scalars(statement, {"id": experiment_id}))


def make_worker(store: Store, name: str = "worker") -> str:
    """Let a worker be seen; return its name."""
    worker_seen(store, WorkerProcess(name, "host", 42, "then", "cpu"))
    return name


def make_claim(store: Store, worker: str = "worker", **changes: Any) -> Claim:
    """Create an experiment of one job and claim it for a new worker."""
    (job_id,) = job_ids(store, make_experiment(store, **changes))
    claimed = claim(store, job_id, make_worker(store, worker))
    assert claimed is not None
    return claimed


def home_of(store: Store) -> str:
    """Return the directory of a SQLite store, as a home."""
    return str(Path(store.url.removeprefix("sqlite:///")).parent)


def make_epoch(number: int = 1, **changes: Any) -> Epoch:
    """Return an epoch as training reports it."""
    epoch = Epoch(number, 1 / number, 0.5, 2.0, 0.25, 1.5)
    return replace(epoch, **changes)


def make_trial(store: Store, worker: str = "worker", epochs: int = 1) -> int:
    """Train a trial that exists only on paper; return its id."""
    claimed = make_claim(store, worker)
    for number in range(1, epochs + 1):
        assert record_epoch(store, claimed.key, make_epoch(number), b"state", FINGERPRINT)
    made: list[int] = []
    assert finish(
        store,
        claimed.key,
        AttemptState.SUCCEEDED,
        write=lambda connection: made.append(
            write_trial(connection, claimed, b"weights", FINGERPRINT)
        ),
    )
    return made[0]


def make_claim_on_trial(store: Store, kind: Kind, **configuration: Any) -> Claim:
    """Claim a job that evaluates or explains a new trial."""
    shared = {"dataset": DATASET, "threads": 1, "trial": make_trial(store, "trainer")}
    return make_claim(store, "reader", kind=kind, configuration=shared | configuration, jobs=[{}])


def make_evaluation(**changes: Any) -> Evaluation:
    """Return an evaluation as `evaluate` reports it."""
    scores = {"images": 10, "loss": 0.5, "accuracy": 0.7, "log_loss": 0.6, "loss_rule": LOSS_RULE}
    confusion = {
        "confusion": np.array([[4, 1], [2, 3]]),
        "predictions": np.array([0, 0, 0, 0, 1, 0, 0, 1, 1, 1]),
        "labels": np.array([0] * 5 + [1] * 5),
    }
    made = SimpleNamespace(**(scores | confusion | changes))
    if "probabilities" not in changes:
        # The predicted class has 0.75.
        made.probabilities = np.where(made.predictions[:, None] == np.arange(2), 0.75, 0.25)
    return cast("Evaluation", made)


def make_split() -> Split:
    """Return a split of two images."""
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    return cast("Split", SimpleNamespace(images=images, labels=np.array([1, 0])))


def make_explanation(label: int, **changes: Any) -> Explanation:
    """Return what LIME says of one label; names of measures and checks may be among the changes."""
    integrity = {
        "superpixels": 2,
        "r2": 0.9,
        "largest_share": 0.5,
        "weight_range": 0.75,
        "stability": 1.0,
    }
    checks = {
        "removed": 0.25,
        "removed_random": 0.5,
        "other": None,
        "contrast": None,
        "contrast_other": None,
        "contrast_random": None,
        "contrast_other_random": None,
    }
    falling = np.linspace(0.75, 0.25, len(curve_counts(changes.get("superpixels", 2)))).tolist()
    curves = {
        "deletion": falling,
        "insertion": falling[::-1],
        "deletion_area": 0.5,
        "insertion_area": 0.625,
    }
    values = {"probability": 0.75, "weights": [0.5, -0.25], "intercept": 0.1}
    said = {"verdict": "sound", "reason": "", "rules": RULES, "evidence": None}
    groups = (integrity, checks, curves, values | said)
    measured, checked, drawn, other = (
        {k: changes.get(k, v) for k, v in part.items()} for part in groups
    )
    return cast(
        "Explanation",
        SimpleNamespace(
            label=label,
            integrity=SimpleNamespace(**measured),
            checks=SimpleNamespace(**checked),
            curves=None if other["verdict"] == "void" else SimpleNamespace(**drawn),
            **other,
        ),
    )


def make_explained(**changes: Any) -> Explained:
    """Return what LIME says of one image, for both labels."""
    explanations = [make_explanation(label, **changes) for label in (0, 1)]
    segments = np.array([[0, 0, 1, 1]] * 4, dtype=np.int32)
    found = SimpleNamespace(
        segments=segments, predicted=1, normalised=False, explanations=explanations, samples=100
    )
    return cast("Explained", found)


def make_outputs() -> list[LayerOutput]:
    """Return the outputs of two layers."""
    outputs = [np.ones((4, 4, 2), np.float32), np.linspace(0, 1, 3, dtype=np.float32)]
    channels = [np.array([[1, 1], [0, 0], [0, 0]]), np.array([[0, 0.5, 1], [0, 0, 0], [1, 0, 0]])]
    return [
        cast(
            "LayerOutput",
            SimpleNamespace(layer=layer, name=f"layer_{layer}", output=output, channels=summary),
        )
        for layer, (output, summary) in enumerate(zip(outputs, channels, strict=True), start=1)
    ]


def race_for_claims(
    store: Store,
    in_processes: InProcesses,
    jobs: list[int],
    processes: int = 4,
) -> list[list[int]]:
    """Let several processes claim every job at the same moment; return what each of them got."""
    workers = [make_worker(store, f"racer {number}") for number in range(processes)]
    start = multiprocessing.get_context("fork").Barrier(processes)

    def race(number: int) -> list[int]:
        won = []
        for job in jobs:
            # Else one that is ahead would win all, and there would be no race.
            start.wait(60)
            if claim(store, job, workers[number]) is not None:
                won.append(job)
        return won

    return in_processes(processes, race)


def state_of(store: Store, job_id: int) -> str:
    """Return the state of a job."""
    return str(value(store, "SELECT state FROM jobs WHERE id = :id", id=job_id))


def rows(store: Store, table: str) -> int:
    """Return how many rows a table has."""
    return int(value(store, f"SELECT count(*) FROM {table}"))  # noqa: S608 (our own names)


def value(store: Store, statement: str, **parameters: Any) -> Any:
    """Return the first column of the first row."""
    with store.read() as connection:
        return connection.scalar(text(statement), parameters)


def run(store: Store, statement: str, **parameters: Any) -> None:
    """Run a statement behind the back of the store."""
    with store.write() as connection:
        connection.execute(text(statement), parameters)


def mark_sent(store: Store, jobs: list[int]) -> None:
    """Mark jobs as sent, whatever room there is."""
    for job in jobs:
        run(store, "UPDATE jobs SET enqueued_at = created_at WHERE id = :job", job=job)


def unsent(store: Store) -> list[int]:
    """Return the pending jobs that have no message, in the order of their ids."""
    statement = "SELECT id FROM jobs WHERE state = 'pending' AND enqueued_at IS NULL ORDER BY id"
    with store.read() as connection:
        return list(connection.scalars(text(statement)))
