"""Pending points are left out as Talos's own reducer leaves them out."""

from itertools import product
from random import Random
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from talos.reducers.reduce_run import reduce_run

from cifar_model.spaces.reducing import REDUCERS, THRESHOLD, WINDOW
from runner.states import AttemptState, JobState, Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.results import write_trial
from runner.store.lifecycle.tuning.asking import REDUCED
from tests.runner.store.making import (
    DATASET,
    FINGERPRINT,
    make_epoch,
    make_experiment,
    make_worker,
    rows,
    value,
)

GRID: dict[str, list[Any]] = {
    "dropout": [0.1, 0.2, 0.3],
    "lr": [0.01, 0.1],
    "batch_size": [16, 32],
    "epochs": [1],
}
INTERVAL = 5


def accuracy(params: dict[str, Any]) -> float:
    return float(0.9 - params["dropout"] - params["lr"] + params["batch_size"] / 1000)


def points() -> list[dict[str, Any]]:
    found = [dict(zip(GRID, values, strict=True)) for values in product(*GRID.values())]
    Random(3).shuffle(found)  # noqa: S311 (no secret)
    return found


def trained_here(store: Store, reducer: str) -> list[dict[str, Any]]:
    """Train what is pending, in the order of the jobs; return the params that were trained."""
    shared: dict[str, Any] = {"dataset": DATASET, "epochs": None, "threads": 1, "grid": GRID}
    shared["reduce"] = {"reducer": reducer, "interval": INTERVAL}
    jobs = [{"params": params} for params in points()]
    experiment = make_experiment(store, jobs, kind=Kind.TUNE, configuration=shared)
    trained = []
    for job in queries.jobs(store, experiment):
        claimed = claim(store, job.id, make_worker(store, f"{reducer} {job.id}"))
        if claimed is None:
            continue
        params = claimed.configuration["params"]
        epoch = make_epoch(1, val_accuracy=accuracy(params))
        assert record_epoch(store, claimed.key, epoch, b"state", FINGERPRINT)
        assert finish(
            store,
            claimed.key,
            AttemptState.SUCCEEDED,
            write=lambda connection, own=claimed: write_trial(  # type: ignore[misc]
                connection, own, b"weights", FINGERPRINT
            ),
        )
        trained.append(params)
    left = [job for job in queries.jobs(store, experiment) if job.state != JobState.SUCCEEDED]
    assert {job.reason for job in left} == {REDUCED}
    return trained


def trained_by_talos(reducer: str) -> list[dict[str, Any]]:
    """Return what a scan of Talos trains if it begins with the same points in the same order."""
    pending, results = points(), []
    scan = SimpleNamespace(
        performance_target=None,
        reduction_method=reducer,
        reduction_interval=INTERVAL,
        reduction_window=WINDOW,
        reduction_threshold=THRESHOLD,
        reduction_metric="val_acc",
        minimize_loss=False,
        _param_dict_keys=list(GRID),
        param_object=SimpleNamespace(
            param_index=[],
            round_counter=0,
            remove_is=lambda label, value: pending.__setitem__(
                slice(None), [params for params in pending if params[label] != value]
            ),
        ),
    )
    trained = []
    while pending:
        params = pending.pop(0)
        trained.append(params)
        results.append({**params, "val_acc": accuracy(params)})
        scan.result = pd.DataFrame(results)
        scan.param_object.round_counter += 1
        reduce_run(scan)
    return trained


@pytest.mark.parametrize("reducer", REDUCERS)
def test_what_is_left_out_is_what_talos_leaves_out(store: Store, reducer: str) -> None:
    expected = trained_by_talos(reducer)
    # There is something to compare.
    assert len(expected) < len(points())
    assert trained_here(store, reducer) == expected
    detail = "SELECT detail FROM events WHERE name = 'reduced' ORDER BY id LIMIT 1"
    assert str(value(store, detail)).endswith(f"after {INTERVAL} trials")
    assert rows(store, "trials") == len(expected)
