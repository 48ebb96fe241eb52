"""Params that are trained with several seeds are reported by their mean and its interval."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

from cifar_model.data import DatasetSpec
from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.records import Trial
from runner.reports.stats.repeats import repeated
from runner.reports.stats.uncertainty import student
from runner.settings import Settings
from runner.store import queries
from runner.store.engine import Store
from runner.submit.experiments import Training, new_train, new_tune, save
from tests.runner.reports.stored import make_trial, store_repeats, store_tune


def trial(number: int, val_accuracy: float | None, **params: float) -> Trial:
    return make_trial(trial=number, seed=number, val_accuracy=val_accuracy, params=params)


def test_the_same_params_are_one_row_also_where_a_default_is_spelt_out() -> None:
    trials = [trial(1, 0.5), trial(2, 0.7, lr=0.001), trial(3, 0.9, lr=0.1), trial(4, None)]
    [row] = repeated(trials, "val_accuracy", smallest_first=False)
    assert (row.trials, row.seeds) == ([1, 2], [1, 2])
    assert row.mean == pytest.approx(0.6)
    assert (row.lowest, row.highest) == (0.5, 0.7)
    assert row.spread == pytest.approx(np.std([0.5, 0.7], ddof=1))


def test_the_interval_is_student_s() -> None:
    values = [0.5, 0.52, 0.49, 0.55, 0.51]
    trials = [trial(n, value) for n, value in enumerate(values)]
    [row] = repeated(trials, "val_accuracy", smallest_first=False)
    expected = t.interval(0.95, 4, np.mean(values), np.std(values, ddof=1) / np.sqrt(5))
    assert row.interval == pytest.approx(expected)


def test_the_interval_of_the_mean_holds_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(4).normal(0.7, 0.02, (1000, 5))
    half = student(4) * draws.std(axis=1, ddof=1) / np.sqrt(5)
    assert 930 <= (abs(draws.mean(axis=1) - 0.7) <= half).sum() <= 970


def test_a_document_has_repeats_only_where_there_are_some(sqlite_store: Store) -> None:
    once = report_document(sqlite_store, store_tune(sqlite_store, [[0.5], [0.6]]))
    assert once.repeats == []
    twice = report_document(sqlite_store, store_repeats(sqlite_store, [0.5, 0.6]))
    assert [row.mean for row in twice.repeats] == [pytest.approx(0.55)]


def test_each_params_gets_seeds_that_follow_one_another(store: Store, tmp_path: Path) -> None:
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path)})
    training = Training(DatasetSpec("digits"), epochs=1, threads=1, seed=2**32 - 2, repeats=3)
    grid = {"lr": [0.1, 0.2]}
    experiment = save(store, new_tune(settings, training, grid, (1.0, "sobol")))
    jobs = [job.configuration for job in queries.jobs(store, experiment)]
    assert [job["seed"] for job in jobs] == [2**32 - 2, 2**32 - 1, 0] * 2
    assert len({job["params"]["lr"] for job in jobs[:3]}) == 1
    pending = report_document(store, experiment).trials
    assert [row.seed for row in pending] == [2**32 - 2, 2**32 - 1, 0] * 2


def test_more_trials_than_an_experiment_may_have_are_refused(
    sqlite_store: Store, tmp_path: Path
) -> None:
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path)})
    training = Training(DatasetSpec("digits"), epochs=1, threads=1, seed=0, repeats=100_001)
    with pytest.raises(InputError, match="100,001 trials"):
        save(sqlite_store, new_train(settings, training, {}))
