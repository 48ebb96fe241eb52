"""Whatever stands in Redis: only the jobs that messages name are handed on, and nothing comes back.

The broker, Kombu's connection and Celery's consumer are real; tests/faults has a whole worker.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from runner.queue.app import BEGUN_JOBS, NEW_JOBS, QUEUES, Message, make_app, queued_jobs, send
from tests.broker_server import Broker
from tests.hostile_messages import KOMBU_KEYS, ODD, UNREADABLE, WRONG_TYPES, message

SECONDS = 20
LAST = 7


@contextmanager
def consuming(broker: Broker) -> Iterator[list[Any]]:
    """Take what comes as a worker does, in the block, until job 7 has come."""
    app = make_app(broker.url)
    taken: list[Any] = []

    def take(message: Any) -> None:
        taken.append(message)
        message.ack()

    with (
        app.connection_for_read() as connection,
        app.amqp.TaskConsumer(connection.default_channel, on_message=take) as consumer,
    ):
        consumer.qos(prefetch_count=1)
        yield taken
        while LAST not in jobs(taken):
            connection.drain_events(timeout=SECONDS)
    assert broker.client.keys() == [], "nothing is left that could come back"


def jobs(taken: list[Any]) -> list[int]:
    return [message.headers["job"] for message in taken]


def say(broker: Broker, job: int) -> None:
    send(make_app(broker.url), [Message(job, NEW_JOBS, "train", f"trial {job}", {"lr": 0.1})])


def test_what_names_no_job_is_removed_and_logged_once_in_short(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), consuming(broker) as taken:
        for queue in QUEUES:
            broker.client.lpush(queue, *UNREADABLE.values())
        say(broker, LAST)
    assert jobs(taken) == [LAST]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == len(QUEUES) * len(UNREADABLE)
    assert max(map(len, said)) < 500


def test_of_a_message_nothing_counts_but_the_job_that_it_names(broker: Broker) -> None:
    with consuming(broker) as taken:
        broker.client.lpush(NEW_JOBS, *ODD.values())
        say(broker, LAST)
    assert jobs(taken) == [1] * len(ODD) + [LAST]
    for one in taken[:-1]:
        args, kwargs, embedded = one.payload
        assert (args, kwargs, set(embedded.values())) == ([1], {}, {None})
        assert not {"eta", "expires", "timelimit", "compression", "group"} & one.headers.keys()
        assert one.headers["argsrepr"].isprintable() or one.headers["argsrepr"] == ""
    assert taken[-1].headers["argsrepr"] == f"trial {LAST}"
    assert taken[-1].headers["kwargsrepr"] == "{'lr': 0.1}"


@pytest.mark.parametrize("kind", WRONG_TYPES)
def test_another_type_under_a_queues_name_is_removed_by_whoever_meets_it(
    broker: Broker, kind: str
) -> None:
    def plant() -> None:
        client: Any = broker.client
        command, *values = WRONG_TYPES[kind]
        for queue in QUEUES:
            client.delete(queue)
            client.execute_command(command, queue, *values)

    plant()
    assert queued_jobs(make_app(broker.url)).keys() == set()
    plant()
    say(broker, LAST)
    assert queued_jobs(make_app(broker.url)).keys() == {LAST}
    plant()
    with consuming(broker):
        # Planted again while a consumer waits for an answer.
        plant()
        say(broker, LAST)


def test_no_other_key_keeps_a_worker_from_its_messages(broker: Broker) -> None:
    for key in KOMBU_KEYS:
        broker.client.set(key, "nonsense")
    app = make_app(broker.url)
    say(broker, 1)
    with app.connection_for_read() as connection:
        taken: list[Any] = []
        with app.amqp.TaskConsumer(connection.default_channel, on_message=taken.append):
            connection.drain_events(timeout=SECONDS)
    assert jobs(taken) == [1]
    for key in KOMBU_KEYS:
        broker.client.delete(key)
    # Taken, but not acknowledged: it went back when the connection was closed, as ours.
    assert queued_jobs(app).keys() == {1}
    assert broker.client.keys() == [NEW_JOBS.encode()]


def test_a_message_that_a_worker_would_drop_is_not_counted_as_waiting(broker: Broker) -> None:
    broker.client.lpush(BEGUN_JOBS, *UNREADABLE.values(), json.dumps(message()))
    assert queued_jobs(make_app(broker.url)).keys() == {1}
