"""What `status`, `watch` and `submit` read."""

from typing import Any

import pytest
from sqlalchemy import update

from runner.errors import InputError
from runner.states import AttemptState, JobState, Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.control import Target, cancel
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.workers import worker_stopped
from runner.store.queries.progress import Progress, progress_of
from runner.store.queries.spending import Speed, epoch_speeds, spent
from runner.store.schema import Job
from tests.runner.reports.stored import store_tune, train_epochs
from tests.runner.store.making import (
    DATASET,
    FINGERPRINT,
    job_ids,
    make_epoch,
    make_experiment,
    make_trial,
    make_worker,
    run,
)


def test_an_experiment_counts_its_jobs_by_state(store: Store) -> None:
    experiment_id, worker = make_experiment(store, jobs=3), make_worker(store)
    first, second, _ = job_ids(store, experiment_id)
    assert claim(store, first, worker)
    claimed = claim(store, second, worker)
    assert claimed is not None
    finish(store, claimed.key, AttemptState.SUCCEEDED)
    found = queries.experiment(store, experiment_id)
    assert found.jobs == 3
    assert found.states == {
        "pending": 1,
        "running": 1,
        "succeeded": 1,
        "failed": 0,
        "cancelled": 0,
    }
    assert (found.kind, found.seed, found.paused_at) == (Kind.TUNE, 7, None)
    assert found.provenance == {"command": "runner submit tune"}


def test_jobs_are_read_of_all_states_or_of_some(store: Store) -> None:
    experiment_id, worker = make_experiment(store, jobs=3), make_worker(store)
    first, second, third = job_ids(store, experiment_id)
    assert claim(store, second, worker)
    assert [job.id for job in queries.jobs(store, experiment_id)] == [first, second, third]
    running = queries.jobs(store, experiment_id, [JobState.RUNNING])
    assert [job.id for job in running] == [second]
    assert not queries.jobs(store, experiment_id, [JobState.SUCCEEDED, JobState.FAILED])


def test_the_newest_experiments_come_first(store: Store) -> None:
    made = [make_experiment(store) for _ in range(3)]
    assert [found.id for found in queries.experiments(store, 2)] == [made[2], made[1]]


@pytest.mark.parametrize("query", [queries.experiment, progress_of, queries.trial])
def test_what_does_not_exist_is_named(store: Store, query: object) -> None:
    assert callable(query)
    with pytest.raises(InputError, match=r"there is no (experiment|trial) 99"):
        query(store, 99)


def test_jobs_say_how_far_they_are_and_what_came_of_them(store: Store) -> None:
    trial = make_trial(store, epochs=2)
    (done,) = queries.jobs(store, queries.experiments(store, 1)[0].id)
    assert (done.state, done.attempts, done.epoch, done.trial) == ("succeeded", 1, 2, trial)
    (pending,) = queries.jobs(store, make_experiment(store))
    assert (pending.state, pending.attempts, pending.epoch, pending.trial) == (
        "pending",
        0,
        None,
        None,
    )


def test_progress_is_counted_in_epochs_while_an_experiment_trains(store: Store) -> None:
    jobs: list[dict[str, Any]] = [{"params": {"epochs": epochs}} for epochs in (4, 4)]
    jobs.append({"params": {}})
    experiment_id, worker = make_experiment(store, jobs=jobs), make_worker(store)
    first, second, third = job_ids(store, experiment_id)
    running = claim(store, first, worker)
    assert running is not None
    record_epoch(store, running.key, make_epoch(1), b"state", FINGERPRINT)
    failed = claim(store, second, worker)
    assert failed is not None
    finish(store, failed.key, AttemptState.FAILED)
    progress = progress_of(store, experiment_id)
    # One epoch of the first; of the second, which failed, none was done and none will come.
    assert (progress.done, progress.total, progress.unit) == (1, 4 + 4 + 10, "epoch")
    assert (progress.left, progress.ended) == (3 + 10, False)
    # An epoch takes 1.5 s, and one job runs.
    assert progress.seconds_left == pytest.approx(1.5 * 13)
    for job in (third, first):
        claimed = running if job == first else claim(store, job, worker)
        assert claimed is not None
        finish(store, claimed.key, AttemptState.SUCCEEDED)
    progress = progress_of(store, experiment_id)
    assert (progress.done, progress.left, progress.ended) == (14, 0, True)


def test_progress_of_what_was_cancelled_is_what_was_done(store: Store) -> None:
    experiment_id = make_experiment(store, jobs=[{"params": {"epochs": 4}}] * 2)
    running = claim(store, job_ids(store, experiment_id)[0], make_worker(store))
    assert running is not None
    record_epoch(store, running.key, make_epoch(1), b"state", FINGERPRINT)
    cancel(store, Target(experiment=experiment_id))
    finish(store, running.key, AttemptState.CANCELLED)
    progress = progress_of(store, experiment_id)
    assert (progress.done, progress.left, progress.total) == (1, 0, 8)
    assert progress.ended


def test_points_that_are_not_asked_yet_are_expected_to_take_as_long_as_those_before(
    store: Store,
) -> None:
    jobs: list[dict[str, Any]] = [{"params": {"epochs": 3}}, {}, {}, {}]
    configuration = {"dataset": DATASET, "epochs": None, "threads": 1, "search": "random"}
    experiment_id = make_experiment(store, jobs=jobs, configuration=configuration)
    first, *_, last = job_ids(store, experiment_id)
    assert progress_of(store, experiment_id).total == 4 * 10
    with store.write() as connection:
        connection.execute(update(Job).where(Job.id == first).values(point="a"))
    assert progress_of(store, experiment_id).total == 4 * 3
    claimed = claim(store, last, make_worker(store))
    assert claimed is not None
    # The space is exhausted: the job was not needed.
    finish(store, claimed.key, AttemptState.SUCCEEDED)
    progress = progress_of(store, experiment_id)
    assert (progress.done, progress.left, progress.total) == (0, 9, 9)


def test_progress_follows_the_epochs_that_are_the_same_for_all(store: Store) -> None:
    configuration = {"dataset": DATASET, "epochs": 2, "threads": 1}
    experiment_id = make_experiment(store, jobs=3, configuration=configuration)
    assert progress_of(store, experiment_id).total == 6


def test_progress_names_the_best_trial(store: Store) -> None:
    make_trial(store)
    experiment_id = queries.experiments(store, 1)[0].id
    assert progress_of(store, experiment_id).best == 0.25
    assert progress_of(store, make_experiment(store)).best is None


def test_what_trials_have_trained_is_known_without_their_epochs(store: Store) -> None:
    experiment_id = store_tune(store, [[0.1, 0.2, 0.3, 0.4], []], epochs=4)
    first, second = job_ids(store, experiment_id)
    train_epochs(store, second, [0.5])

    def known() -> tuple[Progress, int, list[Speed]]:
        with store.read() as connection:
            used = spent(connection, experiment_id).epochs
        return progress_of(store, experiment_id), used, epoch_speeds(store, "paper")

    progress, used, speeds = known()
    assert (progress.done, progress.left, progress.unit_seconds, used) == (5, 3, 1.5, 5)
    assert [(speed.epochs, speed.epoch_seconds) for speed in speeds] == [(4, 1.5)]
    # A million of them would take seconds to read.
    run(store, "DELETE FROM epochs WHERE job_id = :job", job=first)
    assert known() == (progress, used, speeds)


def test_progress_of_what_does_not_train_is_counted_in_jobs(store: Store) -> None:
    configuration = {"dataset": DATASET, "trial": make_trial(store), "threads": 1}
    experiment_id = make_experiment(
        store, jobs=[{}], kind=Kind.EVALUATE, configuration=configuration
    )
    progress = progress_of(store, experiment_id)
    assert (progress.done, progress.total, progress.unit) == (0, 1, "job")


def test_what_a_message_says_is_merged_over_the_experiment(store: Store) -> None:
    experiment_id = make_experiment(
        store, jobs=[{"params": {"lr": 1}}, {"epochs": 9}], configuration={"epochs": 3}
    )
    first, second = queries.jobs_to_send(store, job_ids(store, experiment_id))
    assert first.configuration == {"epochs": 3, "params": {"lr": 1, "epochs": 3}}
    assert second.configuration == {"epochs": 9}
    assert (second.kind, second.number, second.experiment_id) == (Kind.TUNE, 2, experiment_id)


def test_a_worker_is_alive_while_it_was_seen_lately_and_has_not_stopped(store: Store) -> None:
    for name in ("silent", "stopped", "well"):
        make_worker(store, name)
    run(store, "UPDATE workers SET seen_at = '2001-01-01 00:00:00.000000'")
    make_worker(store, "well")
    make_worker(store, "stopped")
    worker_stopped(store, "stopped")
    (alive,) = queries.workers_alive(store, 60)
    assert (alive.name, alive.host, alive.pid, alive.device) == ("well", "host", 42, "cpu")
