"""Cancel, retry, pause and resume: what they promise at any moment, on both databases."""

import multiprocessing
import random
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from runner.errors import InputError
from runner.states import AttemptState, JobState
from runner.store import queries
from runner.store.engine import Store, open_store
from runner.store.lifecycle import control
from runner.store.lifecycle.attempts import Claim, Signal, open_attempts
from runner.store.lifecycle.checkpoints import newest_checkpoint, record_epoch
from runner.store.lifecycle.control import Target
from runner.store.lifecycle.job_lifecycle import MOST_LOST, claim, finish, heartbeat, recover
from runner.store.lifecycle.results import write_trial
from runner.store.queries.progress import progress_of
from runner.store.sqlite import sqlite3
from tests.runner.store.making import (
    FINGERPRINT,
    InProcesses,
    job_ids,
    make_claim,
    make_epoch,
    make_experiment,
    make_jobs,
    make_worker,
    mark_sent,
    rows,
    unsent,
    value,
)


def state_of(store: Store, job_id: int) -> str:
    return str(value(store, "SELECT state FROM jobs WHERE id = :id", id=job_id))


def succeed(store: Store, claimed: Claim) -> bool:
    return finish(
        store,
        claimed.key,
        AttemptState.SUCCEEDED,
        write=lambda connection: write_trial(connection, claimed, b"weights", FINGERPRINT),
    )


def claim_again(store: Store, claimed: Claim) -> Claim:
    successor = claim(store, claimed.job_id, "worker")
    assert successor is not None
    return successor


def test_a_pending_job_is_cancelled_at_once_and_never_starts(store: Store) -> None:
    (job,) = make_jobs(store)
    assert control.cancel(store, Target(job=job)) == control.Cancelled([job], [])
    assert state_of(store, job) == JobState.CANCELLED
    assert claim(store, job, make_worker(store)) is None


def test_a_running_job_hears_of_its_cancel_by_its_heartbeat(store: Store) -> None:
    claimed = make_claim(store)
    assert control.cancel(store, Target(job=claimed.job_id)).stopping == [claimed.job_id]
    assert state_of(store, claimed.job_id) == JobState.RUNNING
    assert heartbeat(store, claimed.key) == Signal.CANCEL
    assert finish(store, claimed.key, AttemptState.CANCELLED)
    assert state_of(store, claimed.job_id) == JobState.CANCELLED


@pytest.mark.parametrize("end", ["released", "lost"])
def test_a_job_that_should_be_cancelled_does_not_start_again(store: Store, end: str) -> None:
    claimed = make_claim(store)
    control.cancel(store, Target(job=claimed.job_id))
    if end == "lost":
        assert recover(store, open_attempts(store)) == []
    else:
        assert finish(store, claimed.key, AttemptState.RELEASED)
    assert state_of(store, claimed.job_id) == JobState.CANCELLED


def test_a_cancel_of_an_experiment_leaves_what_has_ended_as_it_is(store: Store) -> None:
    experiment = make_experiment(store, 3)
    first, second, third = job_ids(store, experiment)
    worker = make_worker(store)
    claimed, running = claim(store, first, worker), claim(store, second, worker)
    assert claimed is not None
    assert running is not None
    finish(store, claimed.key, AttemptState.FAILED, reason="broken")
    done = control.cancel(store, Target(experiment=experiment))
    assert done == control.Cancelled(cancelled=[third], stopping=[second])
    assert state_of(store, first) == JobState.FAILED
    assert control.cancel(store, Target(experiment=experiment)).cancelled == []
    requests = "SELECT count(*) FROM events WHERE name = 'cancel requested'"
    assert value(store, requests) == 1, "a second cancel is no second request"


@pytest.mark.parametrize("end", [AttemptState.FAILED, AttemptState.CANCELLED])
def test_a_retried_job_goes_on_from_its_checkpoint(store: Store, end: AttemptState) -> None:
    claimed = make_claim(store)
    assert record_epoch(store, claimed.key, make_epoch(), b"state", FINGERPRINT)
    if end == AttemptState.CANCELLED:
        control.cancel(store, Target(job=claimed.job_id))
    finish(store, claimed.key, end, reason="broken")
    mark_sent(store, [claimed.job_id])
    assert control.retry(store, Target(job=claimed.job_id)) == [claimed.job_id]
    (job,) = queries.jobs(store, claimed.experiment_id)
    assert (job.state, job.reason, job.ended_at) == (JobState.PENDING, None, None)
    assert unsent(store) == [claimed.job_id]
    successor = claim_again(store, claimed)
    assert newest_checkpoint(store, claimed.job_id, FINGERPRINT) == b"state"
    assert heartbeat(store, successor.key) == Signal.CONTINUE
    assert succeed(store, successor)


def test_a_retried_job_may_be_lost_as_often_as_a_new_one(store: Store) -> None:
    claimed = make_claim(store)
    for _ in range(MOST_LOST - 1):
        recover(store, open_attempts(store))
        claim_again(store, claimed)
    recover(store, open_attempts(store))
    assert state_of(store, claimed.job_id) == JobState.FAILED
    control.retry(store, Target(job=claimed.job_id))
    claim_again(store, claimed)
    assert recover(store, open_attempts(store)) == [claimed.job_id]


def test_a_restored_backup_charges_what_ran_with_one_loss_however_often_it_is_restored(
    upgraded_file: Path, tmp_path: Path
) -> None:
    original, backup, restored = (tmp_path / name for name in ("a.db", "backup.db", "restored.db"))
    store = open_store(f"sqlite:///{shutil.copy(upgraded_file, original)}")
    claimed = make_claim(store)
    assert record_epoch(store, claimed.key, make_epoch(), b"state", FINGERPRINT)
    with closing(sqlite3.connect(original)) as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
    store.close()
    for _ in range(MOST_LOST):
        store = open_store(f"sqlite:///{shutil.copy(backup, restored)}")
        assert recover(store, open_attempts(store)) == [claimed.job_id]
        assert value(store, "SELECT lost FROM jobs") == 1
        assert newest_checkpoint(store, claimed.job_id, FINGERPRINT) == b"state"
        store.close()


def test_a_retry_leaves_what_succeeded_or_is_under_way_as_it_is(store: Store) -> None:
    claimed = make_claim(store)
    assert control.retry(store, Target(job=claimed.job_id)) == []
    assert record_epoch(store, claimed.key, make_epoch(), b"state", FINGERPRINT)
    assert succeed(store, claimed)
    assert control.retry(store, Target(job=claimed.job_id)) == []
    assert state_of(store, claimed.job_id) == JobState.SUCCEEDED


def test_a_pause_starts_nothing_new_and_lets_what_runs_end(store: Store) -> None:
    experiment = make_experiment(store, 2)
    first, second = job_ids(store, experiment)
    running = claim(store, first, make_worker(store))
    assert running is not None
    assert control.pause(store, experiment) == control.Paused(changed=True, running=1)
    assert not control.pause(store, experiment).changed
    assert progress_of(store, experiment).paused
    assert claim(store, second, "worker") is None
    assert heartbeat(store, running.key) == Signal.CONTINUE
    assert record_epoch(store, running.key, make_epoch(), b"state", FINGERPRINT)
    assert succeed(store, running)


def test_a_resumed_experiment_sends_what_workers_dropped_meanwhile(store: Store) -> None:
    experiment = make_experiment(store)
    (job,) = job_ids(store, experiment)
    mark_sent(store, [job])
    assert not control.resume(store, experiment).changed
    assert unsent(store) == []
    control.pause(store, experiment)
    assert claim(store, job, make_worker(store)) is None
    assert unsent(store) == [job]
    assert control.resume(store, experiment).changed
    assert claim(store, job, "worker") is not None


def test_a_resumed_experiment_keeps_the_messages_that_nobody_took(store: Store) -> None:
    experiment = make_experiment(store)
    mark_sent(store, job_ids(store, experiment))
    control.pause(store, experiment)
    control.resume(store, experiment)
    assert unsent(store) == []


@pytest.mark.parametrize("target", [Target(experiment=9), Target(job=9)])
@pytest.mark.parametrize("operation", [control.cancel, control.retry])
def test_what_does_not_exist_is_named(
    store: Store, operation: Callable[[Store, Target], object], target: Target
) -> None:
    with pytest.raises(InputError, match=f"there is no {target}"):
        operation(store, target)


def test_an_experiment_that_does_not_exist_is_not_paused(store: Store) -> None:
    with pytest.raises(InputError, match="there is no experiment 9"):
        control.pause(store, 9)


def test_cancels_retries_and_losses_at_once_leave_every_job_whole(
    store: Store, in_processes: InProcesses
) -> None:
    experiment = make_experiment(store, 20)
    jobs = job_ids(store, experiment)
    workers = [make_worker(store, f"worker {number}") for number in range(2)]

    def act(number: int) -> None:
        for _ in range(10):
            if number == 0:
                control.cancel(store, Target(experiment=experiment))
            elif number == 1:
                control.retry(store, Target(experiment=experiment))
            else:
                for job in reversed(jobs):
                    claim(store, job, workers[number - 2])
                recover(store, open_attempts(store))

    in_processes(4, act)
    recover(store, open_attempts(store))
    control.cancel(store, Target(experiment=experiment))
    assert queries.experiment(store, experiment).states[JobState.RUNNING] == 0
    assert open_attempts(store) == []


def cancel_at_random_moments(store: Store, in_processes: InProcesses, count: int) -> set[str]:
    """Cancel jobs while a worker does them; return in which states they ended."""
    jobs = make_jobs(store, count)
    make_worker(store)
    moments = random.Random(0)  # noqa: S311 (chooses moments)
    start = multiprocessing.get_context("fork").Barrier(2)

    def act(number: int) -> None:
        for job in jobs:
            # Else the one that is ahead never meets the other.
            start.wait(60)
            if number == 0:
                time.sleep(moments.uniform(0, 0.02))
                control.cancel(store, Target(job=job))
            elif claimed := claim(store, job, "worker"):
                record_epoch(store, claimed.key, make_epoch(), b"state", FINGERPRINT)
                if heartbeat(store, claimed.key) == Signal.CANCEL:
                    finish(store, claimed.key, AttemptState.CANCELLED)
                else:
                    succeed(store, claimed)

    in_processes(2, act)
    ended = {state_of(store, job) for job in jobs}
    unsound = "SELECT count(*) FROM jobs LEFT JOIN trials ON trials.job_id = jobs.id WHERE "
    assert value(store, unsound + "(jobs.state = 'succeeded') <> (trials.id IS NOT NULL)") == 0
    assert rows(store, "jobs") == count
    assert ended <= {JobState.SUCCEEDED, JobState.CANCELLED}
    return ended


def test_a_cancelled_job_has_no_result_whenever_it_was_cancelled(
    store: Store, in_processes: InProcesses
) -> None:
    cancel_at_random_moments(store, in_processes, 50)


@pytest.mark.faults
def test_1000_jobs_cancelled_at_random_moments_have_one_end_each(
    store: Store, in_processes: InProcesses
) -> None:
    ended = cancel_at_random_moments(store, in_processes, 1000)
    assert ended == {JobState.SUCCEEDED, JobState.CANCELLED}, "both ends were met"
