"""A store with many trials, written without what a job goes through."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from runner.states import AttemptState, JobState
from runner.store.engine import Store
from runner.store.schema import Artifact, Attempt, Epoch, Experiment, Job, Trial, Worker
from tests.runner.store.making import DATASET, FINGERPRINT

THEN = datetime(2026, 1, 1, tzinfo=UTC)
CHUNK = 20_000


def make_many(store: Store, trials: int, epochs: int, experiments: int = 1) -> None:
    """Write so many trials of so many epochs, with different params and scores."""
    dataset = DATASET | {"images": {"train": 40_000, "validation": 10_000, "test": 10_000}}
    rows: dict[type, list[dict[str, Any]]] = {
        Experiment: [_experiment(number, dataset) for number in range(1, experiments + 1)],
        Worker: [_worker()],
        Artifact: [{"sha256": "0" * 64, "size": 1, "content": b"0"}],
        **{table: [] for table in (Job, Attempt, Trial, Epoch)},
    }
    for number in range(1, trials + 1):
        experiment = (number - 1) * experiments // trials + 1
        _add(rows, number, experiment, epochs, dataset)
    with store.write() as connection:
        for table, found in rows.items():
            for start in range(0, len(found), CHUNK):
                connection.execute(insert(table), found[start : start + CHUNK])


def _add(
    rows: dict[type, list[dict[str, Any]]],
    number: int,
    experiment: int,
    epochs: int,
    dataset: dict[str, Any],
) -> None:
    params = {"lr": 0.001 * (1 + number % 7), "batch_size": 30 + number % 4, "optimizer": "adam"}
    score = {"loss": 1.0, "accuracy": 0.5, "val_loss": 2.0}
    score["val_accuracy"] = (number * 7919 % 9973) / 10_000
    ended = {"state": JobState.SUCCEEDED, "attempts": 1, "ended_at": THEN}
    configuration = {"params": params}
    rows[Job].append(
        {"id": number, "experiment_id": experiment, "number": number, **ended}
        | {"configuration": configuration}
    )
    rows[Attempt].append(
        {"job_id": number, "number": 1, "worker": "w", "ended_at": THEN}
        | {"state": AttemptState.SUCCEEDED}
    )
    common = {"seconds": 1.5, "loss_rule": 2, "fingerprint": FINGERPRINT}
    rows[Trial].append(
        {"id": number, "job_id": number, "params": params, "seed": 7, "dataset": dataset}
        | {"epochs": epochs, "best_epoch": 1, "best_val_accuracy": score["val_accuracy"]}
        | {**score, **common, "seconds": 1.5 * epochs, "model": "0" * 64}
    )
    rows[Epoch] += [
        {"job_id": number, "epoch": epoch, "attempt": 1, **score, **common}
        | {"val_accuracy": score["val_accuracy"] * epoch / epochs}
        for epoch in range(1, epochs + 1)
    ]


def _experiment(number: int, dataset: dict[str, Any]) -> dict[str, Any]:
    configuration = {"dataset": dataset, "epochs": None, "threads": 1, "repeats": 1}
    command = {"command": "runner submit tune"}
    return {"id": number, "kind": "tune", "seed": 7, "configuration": configuration} | {
        "provenance": command
    }


def _worker() -> dict[str, Any]:
    return {"name": "w", "host": "h", "pid": 1, "process_started": "then", "device": "cpu"} | {
        "version": "1"
    }
