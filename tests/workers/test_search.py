"""Searches: a point is asked when its job is claimed, and is stored before it is trained."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import create_trial

from cifar_model.data import DatasetSpec
from cifar_model.grid import given_grid
from cifar_model.networks.building import build
from cifar_model.params import Params
from cifar_model.trainers.signature import find_trainer
from runner.errors import InputError
from runner.reports.experiment.budget import budget_line
from runner.reports.experiment.document import report_document
from runner.reports.experiment.optuna_study import optuna_study
from runner.reports.experiment.view import brief_parts
from runner.reports.model import Note
from runner.search.sampling import make_sampler
from runner.searches import Constraint
from runner.settings import Settings
from runner.states import AttemptState, JobState
from runner.store import queries
from runner.store.engine import Store, open_store, upgrade
from runner.store.lifecycle import job_lifecycle
from runner.store.lifecycle.attempts import open_attempts
from runner.store.lifecycle.control import Target, cancel
from runner.store.lifecycle.tuning.additions import add
from runner.store.lifecycle.tuning.asking import EXHAUSTED
from runner.store.lifecycle.tuning.budget import EPOCHS_SPENT, HOURS_SPENT
from runner.store.queries.progress import progress_of
from runner.submit.additions import more_trials
from runner.submit.budget import Budget, with_budget
from runner.submit.experiments import Training, new_tune, save
from runner.submit.objectives import Aims
from runner.submit.search import LAG, Searching, new_search
from runner.submit.warm import with_warm_start
from tests.conftest import FORK, JOIN_SECONDS
from tests.workers.searching import work
from workers import context, tasks
from workers.app import app
from workers.asking import with_point
from workers.attempt import Attempt, JobFailedError, Stopped, Write, execute
from workers.context import Context

# A trial of a few milliseconds, whose value follows from its params.
TRAINER = """\
PARAMS = {"x": 0.5, "y": 3, "epochs": 1}


def train(params, context):
    value = (params["x"] - 0.3) ** 2 + (params["y"] - 7) ** 2 / 100
    context.report(1, {"val_loss": value})


def other(params, context):
    train(params, context)
"""

RANGES: dict[str, Any] = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0, "high": 50}}
SIXTY: dict[str, Any] = {"x": [number / 10 for number in range(10)], "y": [1, 2, 3, 4, 5, 6]}


@pytest.fixture
def trainer(tmp_path: Path) -> Path:
    path = tmp_path / "quick.py"
    path.write_text(TRAINER)
    return path


def submit(
    settings: Settings, store: Store, trainer: Path, grid: dict[str, Any], **changes: Any
) -> int:
    training = Training(None, None, 1, 3, network=find_trainer(f"{trainer}:train"))
    given: dict[str, Any] = {"sampler": "tpe", "trials": 60, "aims": Aims(["val_loss"])} | changes
    new = new_search(settings, training, given_grid(grid), Searching(**given))
    return save(store, new)


def points(store: Store, experiment: int) -> dict[int, dict[str, Any]]:
    """Return the params of each job that has a point."""
    jobs = queries.jobs(store, experiment)
    return {
        job.number: {name: job.configuration["params"][name] for name in ("x", "y")}
        for job in jobs
        if "params" in job.configuration
    }


def plain_optuna(count: int) -> list[dict[str, Any]]:
    """Return the points of Optuna's own ask and tell with the values that the trainer reports."""
    study = optuna.create_study(sampler=make_sampler("tpe", 3), direction="minimize")
    found = []
    for _ in range(count):
        trial = study.ask()
        point = {"x": trial.suggest_float("x", 0, 1), "y": trial.suggest_int("y", 0, 50)}
        study.tell(trial, (point["x"] - 0.3) ** 2 + (point["y"] - 7) ** 2 / 100)
        found.append(point)
    return found


def test_one_worker_trains_the_60_points_of_plain_optuna_each_asked_after_the_last_ended(
    worker: Context, trainer: Path
) -> None:
    experiment = submit(worker.settings, worker.store, trainer, RANGES)
    assert points(worker.store, experiment) == {}
    for job in queries.jobs(worker.store, experiment):
        assert set(points(worker.store, experiment)) == set(range(1, job.number))
        tasks.tune.apply(args=(job.id,), throw=True)
    assert list(points(worker.store, experiment).values()) == plain_optuna(60)
    states = Counter(job.state for job in queries.jobs(worker.store, experiment))
    assert states == {JobState.SUCCEEDED: 60}


def test_a_job_whose_worker_is_lost_trains_the_point_that_it_had_asked(
    worker: Context, trainer: Path
) -> None:
    experiment = submit(worker.settings, worker.store, trainer, RANGES, trials=2)
    first, second = queries.jobs(worker.store, experiment)

    def ask_and_leave(attempt: Attempt) -> Write:
        with_point(attempt)
        raise Stopped(AttemptState.RELEASED)

    execute(first.id, ask_and_leave, lambda _: None)
    asked = points(worker.store, experiment)
    assert set(asked) == {1}
    tasks.tune.apply(args=(second.id,), throw=True)
    tasks.tune.apply(args=(first.id,), throw=True)
    assert points(worker.store, experiment)[1] == asked[1]
    trials = [job.trial for job in queries.jobs(worker.store, experiment)]
    assert None not in trials


@contextmanager
def in_this_process(url: str, home: Path) -> Iterator[None]:
    """Make this process a worker for a while."""
    context.start(Settings.from_environment({"RUNNER_HOME": str(home), "RUNNER_DATABASE_URL": url}))
    app.conf.task_always_eager = True
    try:
        yield
    finally:
        context.stop()
        app.conf.task_always_eager = False


def test_four_workers_train_every_point_of_a_space_once_and_then_it_is_exhausted(
    database_url: str,
    tmp_path: Path,
    trainer: Path,
    in_processes: Callable[[int, Callable[[int], Any]], list[Any]],
) -> None:
    upgrade(database_url)
    store = open_store(database_url)
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path)})
    experiment = submit(settings, store, trainer, SIXTY, trials=40)
    add(store, more_trials(store, experiment, 40))
    in_processes(4, work(database_url, tmp_path, experiment))
    jobs = queries.jobs(store, experiment)
    assert Counter(job.state for job in jobs) == {JobState.SUCCEEDED: 60, JobState.CANCELLED: 20}
    assert {job.reason for job in jobs if job.state == JobState.CANCELLED} == {EXHAUSTED}
    found = points(store, experiment).values()
    assert len({json.dumps(point) for point in found}) == 60
    document = report_document(store, experiment)
    assert document.groups == []
    searched = document.search
    assert searched is not None
    assert (searched.trials, searched.asked, searched.ended) == (80, 60, EXHAUSTED)
    # The jobs that were not needed are no part of the whole.
    progress = progress_of(store, experiment)
    assert (progress.done, progress.left) == (progress.total, 0)
    store.close()


def test_deterministic_searches_have_the_same_points_with_one_worker_and_with_four(
    sqlite_url: str,
    tmp_path: Path,
    trainer: Path,
    in_processes: Callable[[int, Callable[[int], Any]], list[Any]],
) -> None:
    store = open_store(sqlite_url)
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path)})
    found = []
    for workers in (1, 4):
        experiment = submit(settings, store, trainer, RANGES, deterministic=True, trials=24)
        in_processes(workers, work(sqlite_url, tmp_path, experiment))
        found.append(points(store, experiment))
    assert len(found[0]) == 24
    assert found[0] == found[1]
    store.close()


def test_a_deterministic_search_goes_on_after_jobs_that_were_cancelled_before_they_had_a_point(
    worker: Context, trainer: Path
) -> None:
    count = LAG + 2
    experiment = submit(
        worker.settings, worker.store, trainer, RANGES, deterministic=True, trials=count
    )
    jobs = queries.jobs(worker.store, experiment)
    cancel(worker.store, Target(job=jobs[1].id))
    for job in jobs:
        tasks.tune.apply(args=(job.id,), throw=True)
    assert set(points(worker.store, experiment)) == set(range(1, count + 1)) - {2}


def test_a_search_fails_when_its_trainer_does_not_report_the_objective(
    worker: Context, trainer: Path
) -> None:
    experiment = submit(
        worker.settings, worker.store, trainer, RANGES, trials=2, aims=Aims(["recall_at_5"])
    )
    first, second = queries.jobs(worker.store, experiment)
    tasks.tune.apply(args=(first.id,), throw=True)
    with pytest.raises(JobFailedError, match="recall_at_5 is recorded by no trial"):
        tasks.tune.apply(args=(second.id,), throw=True)


def test_what_objectives_ask_of_a_network_is_measured_after_its_training(worker: Context) -> None:
    dataset = DatasetSpec("shapes", train_size=64)
    training = Training(dataset, 1, 1, 3)
    grid = given_grid({"filters": [4, 8], "blocks": [1], "batch_size": [64], "lr": [0.01, 0.02]})
    aims = Aims(["recall:circle", "parameters"], constraints=[Constraint("parameters", "<", 9e9)])
    new = new_search(worker.settings, training, grid, Searching("tpe", 1, aims))
    experiment = save(worker.store, new)
    (job,) = queries.jobs(worker.store, experiment)
    tasks.tune.apply(args=(job.id,), throw=True)
    document = report_document(worker.store, experiment)
    (trial,) = document.ranked
    params = Params.from_json(trial.params)
    assert trial.metrics["parameters"] == build(params, (32, 32, 3), 10).count_params()
    assert 0 <= trial.metrics["recall:circle"] <= 1
    assert document.pareto is not None
    assert [each.trial for each in document.pareto] == [trial.trial]


def test_no_job_begins_that_does_not_fit_the_epochs_and_the_report_says_what_they_bought(
    worker: Context, trainer: Path
) -> None:
    network = find_trainer(f"{trainer}:train")
    training = Training(None, None, 1, 3, network=network)
    grid = given_grid(RANGES | {"epochs": [2]})
    searched = new_search(worker.settings, training, grid, Searching("tpe", 6, Aims(["val_loss"])))
    new = with_budget(searched, training, grid, Budget(epochs=5))
    experiment = save(worker.store, new)
    for job in queries.jobs(worker.store, experiment)[:5]:
        tasks.tune.apply(args=(job.id,), throw=True)
    states = [(job.state, job.reason) for job in queries.jobs(worker.store, experiment)]
    # Each trial is planned with two epochs; one that has ended counts with the one that it had.
    assert states[:4] == [(JobState.SUCCEEDED, None)] * 4
    assert states[4:] == [(JobState.CANCELLED, EPOCHS_SPENT)] * 2
    document = report_document(worker.store, experiment)
    budget = document.budget
    assert budget is not None
    assert (budget.used_epochs, budget.trials, budget.ended) == (4, 4, EPOCHS_SPENT)
    assert budget_line(replace(budget, hours=1, epochs=1)).startswith("budget: 1 hour or 1 epoch;")
    # The lines of the search and of the budget do not both say why it ended.
    notes = [part.text for part in brief_parts(document) if isinstance(part, Note)]
    assert sum(EPOCHS_SPENT in note for note in notes) == 1


@pytest.mark.parametrize("sampler", ["grid", "tpe"])
def test_no_job_begins_when_the_hours_are_over(
    worker: Context, trainer: Path, sampler: str
) -> None:
    training = Training(None, None, 1, 3, network=find_trainer(f"{trainer}:train"))
    grid = given_grid(SIXTY)
    aims = Aims(["val_loss"])
    if sampler == "grid":
        chosen = new_tune(worker.settings, training, grid, (0.05, "sobol"))
    else:
        chosen = new_search(worker.settings, training, grid, Searching("tpe", 3, aims))
    new = with_budget(chosen, training, grid, Budget(hours=1e-9))
    experiment = save(worker.store, new)
    tasks.tune.apply(args=(queries.jobs(worker.store, experiment)[0].id,), throw=True)
    ended = {(job.state, job.reason) for job in queries.jobs(worker.store, experiment)}
    assert ended == {(JobState.CANCELLED, HOURS_SPENT)}


def test_a_search_starts_from_what_an_experiment_or_its_study_file_found(
    worker: Context, trainer: Path, tmp_path: Path
) -> None:
    store = worker.store
    earlier = submit(worker.settings, store, trainer, RANGES, trials=12)
    for job in queries.jobs(store, earlier):
        tasks.tune.apply(args=(job.id,), throw=True)
    file = tmp_path / "study.db"
    file.write_bytes(optuna_study(store, earlier))
    study = optuna.create_study(sampler=make_sampler("tpe", 4), direction="minimize")
    known = {"x": FloatDistribution(0, 1), "y": IntDistribution(0, 50)}
    for point in points(store, earlier).values():
        value = (point["x"] - 0.3) ** 2 + (point["y"] - 7) ** 2 / 100
        study.add_trial(create_trial(params=point, distributions=known, value=value))
    trial = study.ask()
    expected = {"x": trial.suggest_float("x", 0, 1), "y": trial.suggest_int("y", 0, 50)}

    training = Training(None, None, 1, 4, network=find_trainer(f"{trainer}:train"))
    grid = given_grid(RANGES)
    for given in (str(earlier), str(file)):
        new = new_search(worker.settings, training, grid, Searching("tpe", 1, Aims(["val_loss"])))
        warm = with_warm_start(store, new, training, grid, given)
        assert len(warm.configuration["warm"]) == 12
        experiment = save(store, warm)
        (job,) = queries.jobs(store, experiment)
        tasks.tune.apply(args=(job.id,), throw=True)
        assert points(store, experiment) == {1: expected}

    narrow = given_grid({"x": {"low": 5.0, "high": 6.0}, "y": [1]})
    with pytest.raises(InputError, match="none of its 12 complete trials is a point"):
        with_warm_start(store, new, training, narrow, str(earlier))
    other = replace(training, network=find_trainer(f"{trainer}:other"))
    changed = new_search(worker.settings, other, grid, Searching("tpe", 1, Aims(["val_loss"])))
    with pytest.raises(InputError, match="has another network"):
        with_warm_start(store, changed, other, grid, str(earlier))


def test_after_kill_9_in_the_middle_of_a_search_the_same_points_are_trained(
    sqlite_url: str, tmp_path: Path, trainer: Path
) -> None:
    store = open_store(sqlite_url)
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path)})
    experiment = submit(settings, store, trainer, RANGES, trials=14)

    def work_until_killed() -> None:
        variables = {"RUNNER_HOME": str(tmp_path), "RUNNER_DATABASE_URL": sqlite_url}
        context.start(Settings.from_environment(variables))

        def ask_and_die(attempt: Attempt) -> Write:
            with_point(attempt)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        first, *others = [job.id for job in queries.jobs(store, experiment)]
        for job in [first, *others[:11]]:
            execute(job, tasks.work, lambda _: None)
        execute(others[11], ask_and_die, lambda _: None)

    worker = FORK.Process(target=work_until_killed)
    worker.start()
    worker.join(JOIN_SECONDS)
    assert worker.exitcode == -signal.SIGKILL
    asked = points(store, experiment)
    assert set(asked) == set(range(1, 14))
    assert job_lifecycle.recover(store, open_attempts(store)) == [13]
    with in_this_process(sqlite_url, tmp_path):
        for job in queries.jobs(store, experiment)[12:]:
            tasks.tune.apply(args=(job.id,), throw=True)
    found = points(store, experiment)
    assert found[13] == asked[13]
    assert list(found.values()) == plain_optuna(14)
    store.close()
