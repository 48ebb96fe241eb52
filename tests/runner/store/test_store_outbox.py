"""Which jobs have a message, as far as the store knows: a window of each experiment's."""

import pytest

from runner.needs import Needs
from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle import outbox
from runner.store.lifecycle.control import pause, resume
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.outbox import (
    count_sent,
    experiments_to_send,
    mark_unsent,
    sent_jobs,
    take_unsent,
)
from tests.runner.store.making import (
    InProcesses,
    job_ids,
    make_experiment,
    make_jobs,
    make_worker,
    mark_sent,
    run,
    unsent,
    value,
)

OF_CODE = {"network": {"name": "own.py:build", "parameters": {}, "code": "0" * 64}}


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make the window small."""
    monkeypatch.setattr(outbox, "WINDOW", 3)
    return 3


def take(store: Store, experiment: int) -> list[int]:
    return take_unsent(store, experiment, begun=False)


def long_ago(store: Store, seconds: float = 0) -> list[int]:
    return [job.job_id for job in sent_jobs(store, seconds) if job.long_ago]


def test_jobs_are_taken_in_the_order_of_their_numbers_until_the_window_is_full(
    store: Store, window: int
) -> None:
    experiment = make_experiment(store, 5)
    jobs = job_ids(store, experiment)
    # The order is that of the numbers, not that of the ids.
    run(store, "UPDATE jobs SET number = 100 - number")
    assert take(store, experiment) == jobs[:1:-1]
    assert long_ago(store) == jobs[2:]
    assert take(store, experiment) == []
    assert claim(store, jobs[4], make_worker(store)) is not None
    assert take(store, experiment) == [jobs[1]]
    assert unsent(store) == [jobs[0]]
    assert len(sent_jobs(store, 0)) == window


def test_each_experiment_has_a_window_of_its_own(store: Store, window: int) -> None:
    first, second, third = (make_experiment(store, jobs) for jobs in (5, 1, 4))
    assert experiments_to_send(store, begun=False) == [first, second, third]
    assert len(take(store, first)) == window
    assert experiments_to_send(store, begun=False) == [second, third]
    take(store, second)
    take(store, third)
    assert experiments_to_send(store, begun=False) == []


@pytest.mark.usefixtures("window")
def test_begun_jobs_do_not_wait_for_the_window_of_the_new_ones(store: Store) -> None:
    experiment = make_experiment(store, 6)
    taken = take(store, experiment)
    claimed = claim(store, taken[0], make_worker(store))
    assert claimed is not None
    take(store, experiment)
    assert experiments_to_send(store, begun=True) == []
    finish(store, claimed.key, AttemptState.RELEASED)
    assert experiments_to_send(store, begun=True) == [experiment]
    assert take_unsent(store, experiment, begun=True) == [claimed.job_id]
    assert experiments_to_send(store, begun=True) == []


def test_of_several_that_send_at_once_one_marks_each_job(
    store: Store, in_processes: InProcesses
) -> None:
    experiment = make_experiment(store, 200)

    def act(_: int) -> list[int]:
        return [job for _ in range(10) for job in take(store, experiment)]

    taken = [job for found in in_processes(4, act) for job in found]
    assert sorted(taken) == job_ids(store, experiment)


def test_the_jobs_that_were_sent_are_counted_by_their_needs(store: Store) -> None:
    plain, coded = make_experiment(store, 2), make_experiment(store, 3, configuration=OF_CODE)
    begun = claim(store, take(store, plain)[0], make_worker(store))
    assert begun is not None
    finish(store, begun.key, AttemptState.RELEASED)
    take(store, coded)
    take_unsent(store, plain, begun=True)
    found = {(sent.needs, sent.begun): sent.jobs for sent in count_sent(store)}
    assert found == {(Needs(), False): 1, (Needs(), True): 1, (Needs(code=True), False): 3}


def test_a_job_that_was_just_sent_is_not_looked_for_yet(store: Store) -> None:
    experiment = make_experiment(store)
    (job,) = take(store, experiment)
    assert long_ago(store, 60) == []
    assert long_ago(store) == [job]
    mark_unsent(store, [job], 60)
    assert long_ago(store) == [job]


def test_a_job_whose_message_was_lost_is_unsent_again(store: Store) -> None:
    first, second = make_jobs(store, 2)
    mark_sent(store, [first, second])
    mark_unsent(store, [first])
    assert unsent(store) == [first]
    assert long_ago(store) == [second]


def test_a_claimed_job_is_neither_sent_nor_unsent(store: Store) -> None:
    experiment = make_experiment(store)
    (job,) = take(store, experiment)
    claimed = claim(store, job, make_worker(store))
    assert claimed is not None
    for state in (AttemptState.RUNNING, AttemptState.SUCCEEDED):
        if state != AttemptState.RUNNING:
            finish(store, claimed.key, state)
        mark_unsent(store, [job])
        assert value(store, "SELECT enqueued_at FROM jobs") is not None
        assert sent_jobs(store, 0) == []
        assert unsent(store) == []
        assert count_sent(store) == []
        assert experiments_to_send(store, begun=False) == []


def test_jobs_of_a_paused_experiment_are_not_sent(store: Store) -> None:
    experiment = make_experiment(store, 2)
    first, second = job_ids(store, experiment)
    mark_sent(store, [first])
    pause(store, experiment)
    assert experiments_to_send(store, begun=False) == take(store, experiment) == []
    assert sent_jobs(store, 0) == []
    assert count_sent(store) == []
    resume(store, experiment)
    assert long_ago(store) == [first]
    assert take(store, experiment) == [second]


def test_a_job_that_should_be_cancelled_is_not_sent(store: Store) -> None:
    experiment = make_experiment(store)
    run(store, "UPDATE jobs SET cancel_requested_at = created_at")
    assert take(store, experiment) == []


def test_nothing_to_mark_is_no_fault(store: Store) -> None:
    mark_unsent(store, [])
