"""Searches with folds: a point is asked once, and told with the mean over its folds."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna
import pytest

from cifar_model.data import DatasetSpec
from cifar_model.grid import given_grid
from cifar_model.trainers.signature import find_trainer
from runner.reports.experiment.document import report_document
from runner.search.sampling import make_sampler
from runner.settings import Settings
from runner.states import JobState
from runner.store import queries
from runner.store.engine import Store, open_store, upgrade
from runner.store.lifecycle.tuning.asking import EXHAUSTED
from runner.submit.experiments import Training, save
from runner.submit.objectives import Aims
from runner.submit.search import Searching, new_search
from tests.workers.searching import work
from workers import tasks
from workers.attempt import JobFailedError
from workers.context import Context

# A trial of a few milliseconds, whose value follows from its params and its fold.
TRAINER = """\
PARAMS = {"x": 0.5, "epochs": 1}


def train(params, context):
    labels = context.data.validation.labels
    if params["x"] > 0.8 and labels[0] % 2:
        raise ValueError("too large for this fold")
    context.report(1, {"val_loss": (params["x"] - 0.3) ** 2 + params["x"] * labels.mean() / 10})
"""

FOLDS = 3
RANGE: dict[str, Any] = {"x": {"low": 0.0, "high": 1.0}}

InProcesses = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.fixture
def trainer(tmp_path: Path) -> Path:
    path = tmp_path / "quick.py"
    path.write_text(TRAINER)
    return path


def submit(
    settings: Settings,
    store: Store,
    trainer: Path,
    grid: dict[str, Any],
    key: str | None = None,
    **changes: Any,
) -> int:
    dataset, network = DatasetSpec("digits", train_size=48), find_trainer(f"{trainer}:train")
    training = Training(dataset, None, 1, 3, folds=FOLDS, key=key, network=network)
    given: dict[str, Any] = {"sampler": "tpe", "aims": Aims(["val_loss"])} | changes
    return save(store, new_search(settings, training, given_grid(grid), Searching(**given)))


def points(store: Store, experiment: int) -> list[float]:
    """Return the x of each point that was asked; its folds have the same."""
    found: dict[int, set[float]] = {}
    for job in queries.jobs(store, experiment):
        if "params" in job.configuration:
            place = (job.number - 1) // FOLDS
            found.setdefault(place, set()).add(job.configuration["params"]["x"])
    return [x for [x] in found.values()]


def test_one_worker_trains_the_points_of_plain_optuna_with_the_means_over_the_folds(
    worker: Context, trainer: Path
) -> None:
    experiment = submit(worker.settings, worker.store, trainer, RANGE, trials=14)
    for job in queries.jobs(worker.store, experiment):
        with suppress(JobFailedError):
            tasks.tune.apply(args=(job.id,), throw=True)
    asked = points(worker.store, experiment)
    losses: dict[float, list[float]] = {}
    for trial in report_document(worker.store, experiment).ranked:
        if trial.val_loss is not None:
            losses.setdefault(float(str(trial.params["x"])), []).append(trial.val_loss)

    study = optuna.create_study(sampler=make_sampler("tpe", 3), direction="minimize")
    failed = 0
    for x in asked:
        ours = study.ask()
        assert ours.suggest_float("x", 0, 1) == x
        if len(losses.get(x, [])) < FOLDS:
            study.tell(ours, state=optuna.trial.TrialState.FAIL)
            failed += 1
        else:
            assert len(set(losses[x])) == FOLDS
            study.tell(ours, fmean(losses[x]))
    assert len(asked) == 14
    assert 0 < failed < 14


def test_several_workers_train_each_point_of_a_space_on_its_folds_and_then_it_is_exhausted(
    database_url: str, tmp_path: Path, trainer: Path, in_processes: InProcesses
) -> None:
    upgrade(database_url)
    store = open_store(database_url)
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path)})
    space = {"x": [number / 20 for number in range(10)]}
    experiment = submit(settings, store, trainer, space, trials=12)
    in_processes(4, work(database_url, tmp_path, experiment))
    jobs = queries.jobs(store, experiment)
    assert Counter(job.state for job in jobs) == {JobState.SUCCEEDED: 30, JobState.CANCELLED: 6}
    assert {job.reason for job in jobs if job.state == JobState.CANCELLED} == {EXHAUSTED}
    assert sorted(points(store, experiment)) == space["x"]
    document = report_document(store, experiment)
    assert document.search is not None
    assert (document.search.trials, document.search.asked) == (12, 10)
    assert [group.rank for group in document.groups] == list(range(1, 11))
    store.close()


def test_deterministic_searches_have_the_same_points_with_one_worker_and_with_four(
    sqlite_url: str, tmp_path: Path, trainer: Path, in_processes: InProcesses
) -> None:
    store = open_store(sqlite_url)
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path)})
    space = {"x": {"low": 0.0, "high": 0.8}}
    found = []
    for workers in (1, 4):
        experiment = submit(settings, store, trainer, space, trials=12, deterministic=True)
        in_processes(workers, work(sqlite_url, tmp_path, experiment))
        found.append(points(store, experiment))
    assert len(found[0]) == 12
    assert found[0] == found[1]
    store.close()


def test_submitting_again_with_the_same_key_finds_the_search(
    worker: Context, trainer: Path
) -> None:
    first = submit(worker.settings, worker.store, trainer, RANGE, trials=2, key="k")
    tasks.tune.apply(args=(queries.jobs(worker.store, first)[1].id,), throw=True)
    assert len(points(worker.store, first)) == 1
    assert submit(worker.settings, worker.store, trainer, RANGE, trials=2, key="k") == first
