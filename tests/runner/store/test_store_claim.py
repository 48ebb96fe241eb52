"""A job is claimed by one worker, or by none."""

import pytest
from sqlalchemy.exc import IntegrityError

from runner.errors import InputError
from runner.states import AttemptState, JobState, Kind
from runner.store.engine import HEAD, Store
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.job_lifecycle import claim, finish
from tests.runner.store.making import (
    InProcesses,
    make_claim,
    make_jobs,
    make_worker,
    race_for_claims,
    rows,
    run,
    state_of,
    value,
)


def test_a_claim_has_all_that_is_needed_to_do_the_job(store: Store) -> None:
    claimed = make_claim(
        store,
        configuration={"epochs": 3, "threads": 2},
        jobs=[{"params": {"dropout": 0.5}, "threads": 1}],
    )
    assert claimed == Claim(
        job_id=claimed.job_id,
        attempt=1,
        experiment_id=claimed.experiment_id,
        kind=Kind.TUNE,
        number=1,
        seed=7,
        configuration={"epochs": 3, "threads": 1, "params": {"dropout": 0.5, "epochs": 3}},
    )
    assert state_of(store, claimed.job_id) == JobState.RUNNING


@pytest.mark.parametrize(
    ("races", "processes"),
    [
        (300, 4),
        pytest.param(10_000, 2, marks=[pytest.mark.faults, pytest.mark.timeout(600)]),
    ],
)
def test_of_many_claims_at_once_one_wins_each_job(
    store: Store, in_processes: InProcesses, races: int, processes: int
) -> None:
    jobs = make_jobs(store, races)
    won = race_for_claims(store, in_processes, jobs, processes)
    assert sorted(job for winner in won for job in winner) == jobs
    assert rows(store, "attempts") == races


@pytest.mark.parametrize(
    "end", [AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CANCELLED]
)
def test_a_job_that_has_ended_is_not_claimed_again(store: Store, end: AttemptState) -> None:
    claimed = make_claim(store)
    finish(store, claimed.key, end)
    assert claim(store, claimed.job_id, "worker") is None
    assert rows(store, "attempts") == 1


def test_a_running_job_is_not_claimed(store: Store) -> None:
    claimed = make_claim(store)
    assert claim(store, claimed.job_id, make_worker(store, "other")) is None


def test_a_job_that_does_not_exist_is_not_claimed(store: Store) -> None:
    assert claim(store, 99, make_worker(store)) is None


def test_a_job_of_a_paused_experiment_is_not_claimed_until_it_goes_on(store: Store) -> None:
    (job,), worker = make_jobs(store), make_worker(store)
    run(store, "UPDATE experiments SET paused_at = created_at")
    assert claim(store, job, worker) is None
    run(store, "UPDATE experiments SET paused_at = NULL")
    assert claim(store, job, worker) is not None


def test_a_job_that_should_be_cancelled_is_not_claimed(store: Store) -> None:
    (job,), worker = make_jobs(store), make_worker(store)
    run(store, "UPDATE jobs SET cancel_requested_at = created_at")
    assert claim(store, job, worker) is None


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_after_the_schema_has_changed_nothing_is_claimed(store: Store, revision: str) -> None:
    (job,) = make_jobs(store)
    worker = make_worker(store)
    run(store, "UPDATE alembic_version SET version_num = :revision", revision=revision)
    with pytest.raises(InputError, match=f"schema {revision}"):
        claim(store, job, worker)
    run(store, "UPDATE alembic_version SET version_num = :revision", revision=HEAD)
    assert state_of(store, job) == JobState.PENDING
    assert claim(store, job, worker) is not None


def test_a_claim_by_an_unknown_worker_leaves_the_job_as_it_was(store: Store) -> None:
    (job,) = make_jobs(store)
    with pytest.raises(IntegrityError):
        claim(store, job, "nobody")
    assert state_of(store, job) == JobState.PENDING
    assert value(store, "SELECT attempts FROM jobs") == 0


def test_two_open_attempts_at_a_job_are_impossible_even_by_hand(store: Store) -> None:
    claimed = make_claim(store)
    second = (
        "INSERT INTO attempts (job_id, number, state, worker, heartbeats, heartbeat_at, started_at)"
        " SELECT job_id, 2, 'running', worker, 0, heartbeat_at, started_at FROM attempts"
    )
    with pytest.raises(IntegrityError):
        run(store, second)
    finish(store, claimed.key, AttemptState.RELEASED)
    run(store, second)


def test_an_attempt_cannot_be_reopened_beside_an_open_one_by_hand(store: Store) -> None:
    first = make_claim(store)
    finish(store, first.key, AttemptState.RELEASED)
    claim(store, first.job_id, "worker")
    with pytest.raises(IntegrityError):
        run(store, "UPDATE attempts SET state = 'running', ended_at = NULL WHERE number = 1")


@pytest.mark.parametrize(
    "lie",
    [
        "UPDATE jobs SET state = 'succeeded'",
        "UPDATE jobs SET ended_at = created_at",
        "UPDATE jobs SET state = 'done'",
        "UPDATE jobs SET lost = attempts + 1",
        "UPDATE attempts SET state = 'lost'",
        "UPDATE attempts SET worker = 'nobody'",
        "UPDATE experiments SET kind = 'sweep'",
    ],
)
def test_rows_that_contradict_themselves_are_refused(store: Store, lie: str) -> None:
    make_claim(store)
    with pytest.raises(IntegrityError):
        run(store, lie)
