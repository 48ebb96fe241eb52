"""The store as a storage of Optuna's passes Optuna's own tests, and shows experiments live."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage
from optuna.testing.pytest_storages import StorageTestCase
from optuna.trial import TrialState

from runner.api.client import open as open_client
from runner.errors import InputError
from runner.reports.experiment.optuna_study import Studies
from runner.search.storage import OURS, RunnerStorage
from runner.store.engine import Store
from runner.store.lifecycle.control import Target, cancel
from runner.store.lifecycle.naming import Edit, edit
from runner.store.names import Label
from tests.runner.reports.stored import store_failure, store_tune, train_epochs
from tests.runner.store.making import job_ids


def storage_of(store: Store) -> RunnerStorage:
    return RunnerStorage(store, Studies(store))


class TestContract(StorageTestCase):
    @pytest.fixture
    def storage(self, store: Store) -> BaseStorage:
        return storage_of(store)


def test_a_running_experiment_is_a_study_that_follows_it(store: Store) -> None:
    experiment = store_tune(store, [[0.3, 0.5], [], [], [0.4]])
    study = optuna.load_study(study_name=f"experiment-{experiment}", storage=storage_of(store))
    assert [trial.state.name for trial in study.trials] == [
        *("COMPLETE", "WAITING", "WAITING", "COMPLETE")
    ]
    assert study.best_trial.number == 0
    assert study.best_trial.intermediate_values == {1: 0.3, 2: 0.5}
    _, second, third, _ = job_ids(store, experiment)
    train_epochs(store, second, [0.7])
    running = study.trials[1]
    assert (running.state, running.intermediate_values) == (TrialState.RUNNING, {1: 0.7})
    assert running.datetime_start is not None
    assert running.datetime_complete is None
    store_failure(store, third, "it diverged")
    failed = study.trials[2]
    assert (failed.state, failed.user_attrs["reason"]) == (TrialState.FAIL, "it diverged")
    assert failed.duration is not None


def test_names_objectives_and_cancelled_jobs_are_shown(sqlite_store: Store) -> None:
    experiment = store_tune(sqlite_store, [[0.3], []])
    edit(sqlite_store, experiment, Edit(Label(name="first")))
    cancel(sqlite_store, Target(experiment))
    study = optuna.load_study(
        study_name=f"experiment-{experiment}", storage=storage_of(sqlite_store)
    )
    assert study.metric_names == ["val_accuracy"]
    assert study.user_attrs["name"] == "first"
    cancelled = study.trials[1]
    assert cancelled.state == TrialState.FAIL
    assert cancelled.datetime_start == cancelled.datetime_complete is not None


def test_ids_name_studies_and_trials(sqlite_store: Store) -> None:
    first, second = (store_tune(sqlite_store, [[0.1], [0.2]]) for _ in range(2))
    storage = storage_of(sqlite_store)
    made = storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "mine")
    ids = [OURS + first, OURS + second]
    assert [study._study_id for study in storage.get_all_studies()] == [made, *ids]
    assert storage.get_study_name_from_id(ids[1]) == f"experiment-{second}"
    assert storage.get_study_id_from_name(f"experiment-{second}") == ids[1]
    trial = storage.get_trial_id_from_study_id_trial_number(ids[1], 1)
    assert trial == OURS + job_ids(sqlite_store, second)[1]
    assert storage.get_trial(trial).value == 0.2
    assert storage.get_n_trials(ids[0], TrialState.COMPLETE) == 2
    reads: list[Callable[[], Any]] = [
        lambda: storage.get_trial(OURS + 99),
        lambda: storage.get_all_trials(OURS + 99),
        lambda: storage.get_study_directions(OURS + 99),
        lambda: storage.get_trial_id_from_study_id_trial_number(ids[0], 2),
    ]
    for read in reads:
        with pytest.raises(KeyError):
            read()


def test_an_experiment_is_not_changed(sqlite_store: Store) -> None:
    experiment = store_tune(sqlite_store, [[0.3], []])
    storage = storage_of(sqlite_store)
    study = optuna.load_study(study_name=f"experiment-{experiment}", storage=storage)
    distribution = optuna.distributions.FloatDistribution(0, 1)
    waiting = study.trials[1]._trial_id
    writes: list[Callable[[], Any]] = [
        study.ask,
        lambda: study.set_user_attr("note", "mine"),
        lambda: storage.set_study_system_attr(study._study_id, "note", "mine"),
        lambda: storage.delete_study(study._study_id),
        lambda: storage.set_trial_param(waiting, "lr", 0.5, distribution),
        lambda: storage.set_trial_state_values(waiting, TrialState.RUNNING),
        lambda: storage.set_trial_intermediate_value(waiting, 1, 0.5),
        lambda: storage.set_trial_user_attr(waiting, "note", "mine"),
        lambda: storage.set_trial_system_attr(waiting, "note", "mine"),
        lambda: optuna.create_study(study_name="experiment-99", storage=storage),
    ]
    for write in writes:
        with pytest.raises(InputError):
            write()
    with pytest.raises(optuna.exceptions.DuplicatedStudyError):
        optuna.create_study(study_name=study.study_name, storage=storage)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "WAITING"]
    assert len(storage.get_all_studies()) == 1


def test_studies_of_optuna_are_kept_in_the_store(sqlite_store: Store) -> None:
    study = optuna.create_study(study_name="mine", storage=storage_of(sqlite_store))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=3)
    client = open_client(sqlite_store.url)
    again = optuna.load_study(study_name="mine", storage=client.optuna_storage())
    assert again.best_value == study.best_value
    assert len(client.experiments()) == 0


def test_several_processes_write_one_log(
    store: Store, in_processes: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    optuna.create_study(study_name="mine", storage=storage_of(store))

    def ask(number: int) -> list[int]:  # noqa: ARG001 (the number of the process)
        study = optuna.load_study(study_name="mine", storage=storage_of(store))
        return [study.ask().number for _ in range(10)]

    asked = in_processes(2, ask)
    assert sorted(number for each in asked for number in each) == list(range(20))
