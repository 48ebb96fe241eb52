"""What a message says of a job, and that one job nobody can read holds no other up."""

import logging
from collections.abc import Iterable
from typing import Any

import pytest

from runner.errors import UnavailableError
from runner.queue import dispatch
from runner.queue.app import NEW_JOBS, Message, make_app, open_entry, queued_jobs
from runner.states import Kind
from runner.store.engine import Store
from tests.broker_server import Broker
from tests.runner.store.expected import Network
from tests.runner.store.making import (
    DATASET,
    job_ids,
    make_experiment,
    make_trial,
    run,
    unsent,
)

OF_CODE = {"network": {"name": "own.py:build", "parameters": {}, "code": "0" * 64}}
COMMON = {"dataset": DATASET, "epochs": None, "threads": 1}
ON_A_TRIAL = {"dataset": DATASET, "threads": 1, "trial": 3}
HOW = {"method": "lime", "segmentation": "small", "samples": 100, "activations": False}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Offer the messages that are sent, without a broker."""
    messages: list[Message] = []

    def send(_: Any, given: Iterable[Message]) -> list[int]:
        new = list(given)
        messages.extend(new)
        return [message.job_id for message in new]

    monkeypatch.setattr(dispatch, "send", send)
    return messages


def send_pending(store: Store) -> int:
    return dispatch.send_pending(store, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "common", "job", "details"),
    [
        (Kind.TUNE, COMMON, {"params": {"lr": 0.1}}, {"lr": 0.1}),
        (Kind.TRAIN, COMMON, {"params": {"lr": 0.1}, "seed": 7}, {"lr": 0.1, "seed": 7}),
        (Kind.TUNE, COMMON | {"epochs": 2}, {"params": {"epochs": 8}}, {"epochs": 2}),
        (Kind.EVALUATE, ON_A_TRIAL | {"split": "test"}, {}, {"trial": 3, "split": "test"}),
        (
            Kind.EVALUATE,
            ON_A_TRIAL | {"split": "validation", "folds": 5, "params": {}, "seed": 1},
            {"fold": 2},
            {"trial": 3, "split": "validation", "fold": 2},
        ),
        (
            Kind.EXPLAIN,
            ON_A_TRIAL | HOW | {"labels": ["predicted"]},
            {"images": [0, 4]},
            {"trial": 3, "images": [0, 4], "labels": ["predicted"]},
        ),
    ],
)
def test_a_message_says_what_tells_its_job_from_others(
    sqlite_store: Store,
    sent: list[Message],
    kind: Kind,
    common: dict[str, Any],
    job: dict[str, Any],
    details: dict[str, Any],
) -> None:
    for _ in range(common.get("trial", 0)):
        make_trial(sqlite_store)
    experiment = make_experiment(sqlite_store, [job], kind=kind, configuration=common)
    assert send_pending(sqlite_store) == 1
    [message] = sent
    assert message.details == details
    assert list(message.details) == list(details)
    words = ", ".join(f"{name} {value}" for name, value in details.items())
    assert message.title == f"experiment {experiment} job {message.job_id}: {words}"


@pytest.mark.parametrize("job", [{}, {"params": None}, {"params": ["lr"]}, {"params": 1}])
def test_a_job_that_cannot_be_read_is_sent_without_details_and_the_others_as_ever(
    sqlite_store: Store,
    sent: list[Message],
    job: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    jobs = [{"params": {"lr": 0.1}}, job, {"params": {"lr": 0.2}}]
    numbers = job_ids(sqlite_store, make_experiment(sqlite_store, jobs))
    with caplog.at_level(logging.WARNING):
        assert send_pending(sqlite_store) == 3
    assert [message.job_id for message in sent] == numbers
    assert [message.details for message in sent] == [{"lr": 0.1}, {}, {"lr": 0.2}]
    [record] = caplog.records
    assert f"job {numbers[1]} is sent without details: " in record.getMessage()
    assert "params" in record.getMessage()
    assert send_pending(sqlite_store) == 0


def test_a_message_is_lost_when_it_is_missing_at_two_looks_in_a_row(
    store: Store, broker: Broker
) -> None:
    app = make_app(broker.url)
    jobs = job_ids(store, make_experiment(store, 3))
    assert dispatch.send_pending(store, app) == 3
    assert queued_jobs(app).keys() == set(jobs)
    age_messages(store)
    missing = dispatch.Missing()
    for _ in range(2):
        dispatch.forget_lost(store, app, missing)
        assert unsent(store) == []
    client: Any = broker.client
    taken = open_entry(client.rpop(NEW_JOBS))
    assert taken is not None
    dispatch.forget_lost(store, app, missing)
    assert unsent(store) == []
    dispatch.forget_lost(store, app, missing)
    assert unsent(store) == [taken.job_id]
    assert dispatch.send_pending(store, app) == 1
    assert sorted(messages_of(broker)) == jobs


def test_after_the_broker_lost_everything_each_job_is_sent_once_again(
    store: Store, broker: Broker
) -> None:
    app = make_app(broker.url)
    plain = job_ids(store, make_experiment(store, 3))
    coded = job_ids(store, make_experiment(store, 2, configuration=OF_CODE))
    dispatch.send_pending(store, app)
    age_messages(store)
    broker.client.flushall()
    dispatch.forget_lost(store, app)
    assert dispatch.send_pending(store, app) == 5
    assert dispatch.send_pending(store, app) == 0
    assert messages_of(broker) == plain
    assert messages_of(broker, f"{NEW_JOBS}.code") == coded


def test_what_the_broker_took_before_it_went_away_counts_as_sent_and_nothing_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network()
    monkeypatch.setattr(dispatch, "send", network.send)
    network.accepts = 2
    jobs = job_ids(store, make_experiment(store, 5))
    with pytest.raises(UnavailableError):
        send_pending(store)
    assert network.waiting == jobs[:2]
    assert unsent(store) == jobs[2:]


def age_messages(store: Store) -> None:
    """Let a day pass since the messages were sent."""
    run(store, "UPDATE jobs SET enqueued_at = '2001-01-01 00:00:00.000000'")


def messages_of(broker: Broker, queue: str = NEW_JOBS) -> list[int]:
    """Return the jobs on a queue, in the order in which they are taken."""
    client: Any = broker.client
    found = map(open_entry, reversed(client.lrange(queue, 0, -1)))
    return [envelope.job_id for envelope in found if envelope is not None]
