"""Which jobs have a message, as far as the store knows."""

from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.outbox import mark_sent, mark_unsent, sent_jobs, unsent
from tests.runner.store.making import make_jobs, make_worker, run, value


def test_jobs_are_unsent_until_they_are_marked_oldest_first(store: Store) -> None:
    first, second, third = make_jobs(store, 3)
    assert unsent(store, 2) == [first, second]
    mark_sent(store, [first, second])
    assert unsent(store, 2) == [third]
    assert sent_jobs(store, 0) == [first, second]


def test_a_job_that_was_just_sent_is_not_looked_for_yet(store: Store) -> None:
    (job,) = make_jobs(store)
    mark_sent(store, [job])
    assert sent_jobs(store, 60) == []
    assert sent_jobs(store, 0) == [job]


def test_a_job_whose_message_was_lost_is_unsent_again(store: Store) -> None:
    first, second = make_jobs(store, 2)
    mark_sent(store, [first, second])
    mark_unsent(store, [first])
    assert unsent(store, 10) == [first]
    assert sent_jobs(store, 0) == [second]


def test_a_claimed_job_is_neither_sent_nor_unsent(store: Store) -> None:
    (job,) = make_jobs(store)
    mark_sent(store, [job])
    claimed = claim(store, job, make_worker(store))
    assert claimed is not None
    assert sent_jobs(store, 0) == unsent(store, 10) == []
    mark_unsent(store, [job])
    assert value(store, "SELECT enqueued_at FROM jobs") is not None
    finish(store, claimed.key, AttemptState.SUCCEEDED)
    mark_sent(store, [job])
    mark_unsent(store, [job])
    assert sent_jobs(store, 0) == unsent(store, 10) == []


def test_jobs_of_a_paused_experiment_are_not_sent(store: Store) -> None:
    first, second = make_jobs(store, 2)
    mark_sent(store, [first])
    run(store, "UPDATE experiments SET paused_at = created_at")
    assert unsent(store, 10) == sent_jobs(store, 0) == []
    run(store, "UPDATE experiments SET paused_at = NULL")
    assert (sent_jobs(store, 0), unsent(store, 10)) == ([first], [second])


def test_a_job_that_should_be_cancelled_is_not_sent(store: Store) -> None:
    make_jobs(store)
    run(store, "UPDATE jobs SET cancel_requested_at = created_at")
    assert unsent(store, 10) == []


def test_nothing_to_mark_is_no_fault(store: Store) -> None:
    mark_sent(store, [])
    mark_unsent(store, [])
