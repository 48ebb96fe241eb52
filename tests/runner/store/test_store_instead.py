"""A worker may do a new job before the one of its message; each job keeps one message."""

from collections.abc import Callable
from typing import Any

import pytest

from runner.queue import dispatch
from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle import control, outbox
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.job_lifecycle import (
    claim,
    claim_instead,
    claim_most_urgent,
    finish,
)
from runner.store.lifecycle.outbox import take_unsent
from runner.store.lifecycle.tuning import order
from runner.store.lifecycle.tuning.order import new_job, next_jobs
from tests.runner.store.expected import Network
from tests.runner.store.making import (
    InProcesses,
    job_ids,
    make_experiment,
    make_worker,
    run,
    unsent,
)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Stand for the broker."""
    made = Network()
    for name in ("send", "queued_jobs", "queue_lengths"):
        monkeypatch.setattr(dispatch, name, getattr(made, name))
    return made


def send(store: Store) -> int:
    """Send what is pending, after a look for what was lost long ago."""
    dispatch.forget_lost(store, None)  # type: ignore[arg-type]
    return dispatch.send_pending(store, None)  # type: ignore[arg-type]


def take(store: Store, message: int, prefers: Callable[[int], bool], worker: str) -> Claim | None:
    """Claim as a worker does which prefers jobs with some numbers."""
    first = new_job(store, message)
    if first is not None and not prefers(first.number):
        for job in next_jobs(store, first.experiment_id):
            if prefers(job.number) and job.job_id != first.job_id:
                jobs = (first.job_id, job.job_id)
                found = claim_instead(store, message, jobs, worker)
                return found or claim_most_urgent(store, message, worker)
    return claim_most_urgent(store, message, worker)


def sent_experiment(store: Store, jobs: int, **changes: Any) -> tuple[int, list[int]]:
    """Create an experiment and send its jobs."""
    experiment = make_experiment(store, jobs, **changes)
    dispatch.send_pending(store, None)  # type: ignore[arg-type]
    return experiment, job_ids(store, experiment)


def test_every_job_is_claimed_once_with_one_message_and_none_waits_for_long(
    store: Store, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "AHEAD", 8)
    _, jobs = sent_experiment(store, 40)
    done, sent, worker = [], len(network.waiting), make_worker(store)
    while network.waiting:
        # Every fourth is preferred as long as there are any.
        claimed = take(store, network.waiting.pop(0), lambda number: number % 4 == 0, worker)
        assert claimed is not None, "a message was for no job"
        done.append(claimed.number)
        sent += send(store)
    assert sent == len(jobs)
    assert sorted(done) == list(range(1, 41))
    assert done[:8] == [4, 8, 3, 1, 5, 6, 7, 2], "12 is too far from 1 and 2"
    for place, number in enumerate(done):
        assert all(other < number + 8 for other in done[:place])


def test_of_several_workers_that_claim_at_once_each_job_is_claimed_once(
    store: Store, in_processes: InProcesses
) -> None:
    experiment = make_experiment(store, 60)
    messages = take_unsent(store, experiment, begun=False)
    workers = [make_worker(store, f"worker {number}") for number in range(4)]

    def act(number: int) -> list[int]:
        # Each prefers the jobs whose messages others get.
        found = [
            take(store, message, lambda job: (job + 1) % 4 == number, workers[number])
            for message in messages[number::4]
        ]
        return [claimed.job_id for claimed in found if claimed is not None]

    claimed = [job for found in in_processes(4, act) for job in found]
    assert sorted(claimed) == job_ids(store, experiment)
    assert unsent(store) == []


def test_both_jobs_run_if_the_one_that_was_done_first_is_given_back(
    store: Store, network: Network
) -> None:
    _, (first, second) = sent_experiment(store, 2)
    worker = make_worker(store)
    claimed = claim_instead(store, network.waiting.pop(0), (first, second), worker)
    assert claimed is not None
    assert claimed.job_id == second
    finish(store, claimed.key, AttemptState.RELEASED)
    assert send(store) == 1
    # Two messages name it, and one of them is for the first.
    assert network.waiting == [second, second]
    assert send(store) == 0
    taken = [claim(store, network.waiting.pop(), worker) for _ in range(2)]
    assert [each and each.job_id for each in taken] == [second, first]


@pytest.mark.parametrize("lost", [1, 2])
def test_a_message_that_was_left_to_a_job_and_is_lost_is_sent_again(
    store: Store, network: Network, lost: int
) -> None:
    _, (first, second) = sent_experiment(store, 2)
    claimed = claim_instead(store, network.waiting.pop(0), (first, second), make_worker(store))
    assert claimed is not None
    if lost == 2:
        finish(store, claimed.key, AttemptState.RELEASED)
        send(store)
    run(store, "UPDATE jobs SET enqueued_at = '2001-01-01 00:00:00.000000'")
    network.waiting.pop()
    assert send(store) == 1
    assert claim(store, network.waiting.pop(), "worker") is not None
    assert send(store) == 0


def test_the_job_that_a_message_was_left_to_is_paused_and_sent_again(
    store: Store, network: Network
) -> None:
    experiment, (first, second) = sent_experiment(store, 2)
    claim_instead(store, network.waiting.pop(0), (first, second), make_worker(store))
    control.pause(store, experiment)
    assert claim(store, network.waiting.pop(), "worker") is None
    assert unsent(store) == [first]
    control.resume(store, experiment)
    assert send(store) == 1
    assert network.waiting == [first]


def test_a_job_that_is_cancelled_leaves_its_message_to_nobody(
    store: Store, network: Network
) -> None:
    _, (first, second, third) = sent_experiment(store, 3)
    claim_instead(store, network.waiting.pop(0), (first, second), make_worker(store))
    control.cancel(store, control.Target(job=first))
    assert claim(store, network.waiting.pop(0), "worker") is None
    control.retry(store, control.Target(job=first))
    assert send(store) == 1
    assert network.waiting == [third, first]


def test_where_the_order_matters_no_other_job_is_done_first(store: Store) -> None:
    changes: tuple[dict[str, Any], ...] = (
        *({"stop": "median"}, {"hours": 1.0}, {"epochs_total": 9}),
        *({"search": "tpe"}, {"reduce": {"interval": 5}}, {"confirm": {}}),
    )
    for each in changes:
        experiment = make_experiment(store, 2, configuration={"dataset": None} | each)
        (first, _) = take_unsent(store, experiment, begun=False)
        assert new_job(store, first) is None, each


def test_no_other_job_is_done_before_one_that_was_begun_or_while_a_higher_priority_waits(
    store: Store,
) -> None:
    experiment = make_experiment(store, 2)
    first, second = take_unsent(store, experiment, begun=False)
    assert new_job(store, first) is not None
    control.set_priority(store, make_experiment(store), 5)
    assert new_job(store, first) is None
    control.set_priority(store, experiment, 5)
    claimed = claim(store, second, make_worker(store))
    assert claimed is not None
    finish(store, claimed.key, AttemptState.RELEASED)
    outbox.take_unsent(store, experiment, begun=True)
    assert new_job(store, second) is None
    assert [job.job_id for job in next_jobs(store, experiment)] == [first]


def test_a_job_is_not_done_first_if_it_or_the_message_was_taken_meanwhile(store: Store) -> None:
    experiment = make_experiment(store, 3)
    first, second, third = take_unsent(store, experiment, begun=False)
    worker = make_worker(store)
    assert claim(store, third, worker) is not None
    assert claim_instead(store, first, (first, third), worker) is None
    assert claim_instead(store, first, (first, second), worker) is not None
    fourth = take_unsent(store, make_experiment(store), begun=False)[0]
    assert claim_instead(store, first, (first, fourth), worker) is None, "its message is another"
