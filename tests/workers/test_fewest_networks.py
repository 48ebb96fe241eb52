"""A worker does the jobs whose network it has compiled first."""

from itertools import pairwise
from typing import Any

import pytest

from cifar_model import compile_cache
from cifar_model.data import DatasetSpec
from cifar_model.networks import building
from cifar_model.networks.kept import kept
from runner.store import queries
from runner.store.lifecycle.outbox import take_unsent
from runner.submit.experiments import Training, new_tune, save
from workers import tasks
from workers.context import Context

TRAINING = Training(DatasetSpec("digits", train_size=48), epochs=1, threads=1, seed=5, fresh=True)
TINY: dict[str, list[Any]] = {"blocks": [1], "filters": [2], "batch_norm_momentum": [0.9]}


def test_of_networks_by_turns_each_is_compiled_once(
    worker: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second of two networks drives the first out.
    monkeypatch.setattr(compile_cache, "KEPT", 1)
    kept.clear()
    compiled: list[str] = []
    build = building.build

    def noted(params: object, *others: object, **named: object) -> object:
        compiled.append(str(params.training.optimizer))  # type: ignore[attr-defined]
        return build(params, *others, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "build", noted)
    # What is compiled into a network is the optimizer, and neither of the others.
    grid = TINY | {"optimizer": ["adam", "sgd"], "lr": [0.1, 0.01, 0.001], "batch_size": [8, 16]}
    experiment = save(worker.store, new_tune(worker.settings, TRAINING, grid, (0.5, "sobol")))
    jobs = queries.jobs(worker.store, experiment)
    asked = [job.configuration["params"]["optimizer"] for job in jobs]
    changes = sum(one != next_one for one, next_one in pairwise(asked))
    assert changes > 1, "the grid has them by turns"
    for message in take_unsent(worker.store, experiment, begun=False):
        tasks.tune.apply(args=(message,), throw=True)
    assert {job.state for job in queries.jobs(worker.store, experiment)} == {"succeeded"}
    assert len(compiled) == 2
    assert compiled[0] == asked[0]
