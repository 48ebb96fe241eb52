"""Claims, heartbeats, ends and recovery: what they promise, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from runner.states import AttemptState, JobState
from runner.store import queries
from runner.store.artifacts import put_artifact
from runner.store.engine import Connection, Store
from runner.store.lifecycle.attempts import AttemptKey, Signal, open_attempts
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.job_lifecycle import claim, finish, heartbeat, recover
from tests.runner.store.making import (
    FINGERPRINT,
    InProcesses,
    make_claim,
    make_epoch,
    make_experiment,
    make_jobs,
    make_worker,
    mark_sent,
    rows,
    run,
    state_of,
    unsent,
    value,
)


def lose(store: Store, job_id: int) -> list[int]:
    return recover(store, [seen for seen in open_attempts(store) if seen.job_id == job_id])


def test_a_heartbeat_moves_the_counter(store: Store) -> None:
    claimed = make_claim(store)
    assert heartbeat(store, claimed.key) == Signal.CONTINUE
    assert heartbeat(store, claimed.key) == Signal.CONTINUE
    assert [seen.heartbeats for seen in open_attempts(store)] == [2]


def test_a_heartbeat_hears_of_a_cancel(store: Store) -> None:
    claimed = make_claim(store)
    run(store, "UPDATE jobs SET cancel_requested_at = created_at")
    assert heartbeat(store, claimed.key) == Signal.CANCEL


def test_a_heartbeat_of_an_attempt_that_is_over_hears_so(store: Store) -> None:
    claimed = make_claim(store)
    lose(store, claimed.job_id)
    assert heartbeat(store, claimed.key) == Signal.STALE
    assert heartbeat(store, AttemptKey(99, 1)) == Signal.STALE


def test_a_result_and_the_end_of_its_job_are_stored_together(store: Store) -> None:
    claimed = make_claim(store)

    def write(connection: Connection) -> None:
        put_artifact(connection, b"result")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        finish(store, claimed.key, AttemptState.SUCCEEDED, write=write)
    assert rows(store, "artifacts") == 0
    assert state_of(store, claimed.job_id) == JobState.RUNNING
    assert heartbeat(store, claimed.key) == Signal.CONTINUE


def test_the_end_of_a_stale_attempt_writes_nothing(store: Store) -> None:
    stale = make_claim(store)
    lose(store, stale.job_id)
    successor = claim(store, stale.job_id, "worker")
    assert successor is not None

    def write(connection: Connection) -> None:
        put_artifact(connection, b"late")

    assert not finish(store, stale.key, AttemptState.SUCCEEDED, write=write)
    assert rows(store, "artifacts") == 0
    assert state_of(store, stale.job_id) == JobState.RUNNING
    assert finish(store, successor.key, AttemptState.SUCCEEDED, write=write)
    assert rows(store, "artifacts") == 1


def test_a_second_end_changes_nothing(store: Store) -> None:
    claimed = make_claim(store)
    assert finish(store, claimed.key, AttemptState.SUCCEEDED)
    assert not finish(store, claimed.key, AttemptState.FAILED, reason="late")
    assert state_of(store, claimed.job_id) == JobState.SUCCEEDED
    assert value(store, "SELECT reason FROM jobs") is None


def test_a_failed_job_says_why(store: Store) -> None:
    claimed = make_claim(store)
    finish(store, claimed.key, AttemptState.FAILED, reason="ValueError: no", error="Traceback")
    assert value(store, "SELECT reason FROM jobs") == "ValueError: no"
    assert value(store, "SELECT error FROM attempts") == "Traceback"


def test_words_are_stored_as_they_are_and_what_cannot_be_stored_is_replaced(store: Store) -> None:
    claimed = make_claim(store)
    error = "Zürich 東京 🐸 'quoted' \0 \ud800"
    finish(store, claimed.key, AttemptState.FAILED, reason="é", error=error)
    assert value(store, "SELECT error FROM attempts") == "Zürich 東京 🐸 'quoted' \ufffd ?"


def test_a_released_job_is_pending_and_unsent_and_nothing_is_held_against_it(store: Store) -> None:
    (job,), worker = make_jobs(store), make_worker(store)
    for number in range(1, 6):
        mark_sent(store, [job])
        claimed = claim(store, job, worker)
        assert claimed is not None
        assert claimed.attempt == number
        assert finish(store, claimed.key, AttemptState.RELEASED)
        assert unsent(store) == [job]
    assert value(store, "SELECT lost FROM jobs") == 0


def test_a_lost_attempt_sends_its_job_again(store: Store) -> None:
    claimed = make_claim(store)
    assert lose(store, claimed.job_id) == [claimed.job_id]
    assert unsent(store) == [claimed.job_id]
    assert value(store, "SELECT state FROM attempts") == AttemptState.LOST
    assert "worker" in value(store, "SELECT error FROM attempts")


def test_a_job_that_was_lost_three_times_has_failed_and_says_why(store: Store) -> None:
    (job,), worker = make_jobs(store), make_worker(store)
    for pending in ([job], [job], []):
        assert claim(store, job, worker) is not None
        assert lose(store, job) == pending
    assert state_of(store, job) == JobState.FAILED
    reason = value(store, "SELECT reason FROM jobs")
    assert "lost 3 times" in reason
    assert "worker (pid 42 on host)" in reason
    assert claim(store, job, worker) is None


def test_an_attempt_whose_heart_has_beaten_since_is_not_taken_away(store: Store) -> None:
    claimed = make_claim(store)
    seen = open_attempts(store)
    heartbeat(store, claimed.key)
    assert recover(store, seen) == []
    assert state_of(store, claimed.job_id) == JobState.RUNNING


def test_an_attempt_that_recorded_an_epoch_since_is_not_taken_away(store: Store) -> None:
    claimed = make_claim(store)
    seen = open_attempts(store)
    record_epoch(store, claimed.key, make_epoch(), b"state", FINGERPRINT)
    assert recover(store, seen) == []


def test_of_many_recoveries_at_once_one_counts(store: Store, in_processes: InProcesses) -> None:
    jobs, worker = make_jobs(store, 20), make_worker(store)
    for job in jobs:
        assert claim(store, job, worker) is not None
    seen = open_attempts(store)
    recovered = in_processes(4, lambda number: recover(store, seen[number:] + seen[:number]))
    assert sorted(job for jobs in recovered for job in jobs) == jobs
    assert value(store, "SELECT max(lost) FROM jobs") == 1


def test_an_end_and_a_recovery_at_once_have_one_winner(
    store: Store, in_processes: InProcesses
) -> None:
    jobs, worker = make_jobs(store, 20), make_worker(store)
    claims = [claim(store, job, worker) for job in jobs]
    seen = open_attempts(store)

    def end(number: int) -> list[bool]:
        if number == 0:
            return [
                finish(store, claimed.key, AttemptState.SUCCEEDED) for claimed in claims if claimed
            ]
        return [bool(recover(store, [attempt])) for attempt in reversed(seen)]

    finished, recovered = in_processes(2, end)
    assert [a + b for a, b in zip(finished, reversed(recovered), strict=True)] == [1] * 20


@pytest.mark.parametrize("end", [AttemptState.RELEASED, AttemptState.LOST])
def test_a_job_that_should_be_cancelled_does_not_go_back_to_pending(
    store: Store, end: AttemptState
) -> None:
    claimed = make_claim(store)
    run(store, "UPDATE jobs SET cancel_requested_at = created_at")
    if end == AttemptState.LOST:
        assert lose(store, claimed.job_id) == []
    else:
        assert finish(store, claimed.key, end)
    assert state_of(store, claimed.job_id) == JobState.CANCELLED


def test_what_happened_to_a_job_is_told_in_its_order(store: Store) -> None:
    claimed = make_claim(store)
    lose(store, claimed.job_id)
    again = claim(store, claimed.job_id, "worker")
    assert again is not None
    finish(store, again.key, AttemptState.SUCCEEDED)
    with store.read() as connection:
        told = connection.execute(text("SELECT attempt, name FROM events ORDER BY id")).all()
    assert [tuple(row) for row in told] == [
        (1, "claimed"),
        (1, "lost"),
        (2, "claimed"),
        (2, "succeeded"),
    ]


def test_moments_are_in_utc(store: Store) -> None:
    created = queries.experiment(store, make_experiment(store)).created_at
    assert created.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)
