"""The private broker carries real messages over its socket and forgets none at a restart."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
import redis

from runner.errors import UnavailableError
from runner.local.broker import start_broker
from runner.local.run_dir import RunDir
from runner.queue.app import BEGUN_JOBS, NEW_JOBS, Message, make_app, queued_jobs, send


def make_message(job: int, queue: str = NEW_JOBS) -> Message:
    return Message(job, queue, "tune", f"experiment 1 trial {job}", {"epochs": 5})


MESSAGES = [make_message(1), make_message(2), make_message(3, BEGUN_JOBS)]


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    return run_dir


@pytest.fixture
def broker(run_dir: RunDir) -> Iterator["Popen[bytes]"]:
    server = start_broker(run_dir)
    yield server
    server.terminate()
    server.wait()


@pytest.mark.usefixtures("broker")
def test_what_was_sent_is_on_the_queue(run_dir: RunDir) -> None:
    app = make_app(run_dir.broker_url)
    assert send(app, MESSAGES) == [1, 2, 3]
    assert queued_jobs(app).keys() == {1, 2, 3}


@pytest.mark.usefixtures("broker")
def test_what_was_begun_is_taken_before_what_is_new(run_dir: RunDir) -> None:
    app = make_app(run_dir.broker_url)
    send(app, [make_message(1), make_message(2), make_message(3, BEGUN_JOBS)])
    taken: list[int] = []

    def take(message: Any) -> None:
        taken.append(message.headers["job"])
        message.ack()
        if len(taken) == 1:
            send(app, [make_message(4, BEGUN_JOBS)])

    with (
        app.connection_for_read() as connection,
        app.amqp.TaskConsumer(connection.default_channel, on_message=take) as consumer,
    ):
        consumer.qos(prefetch_count=1)
        while len(taken) < 4:
            connection.drain_events(timeout=10)
    assert taken == [3, 4, 1, 2]


@pytest.mark.usefixtures("broker")
def test_a_message_of_someone_else_is_not_taken_for_a_job(run_dir: RunDir) -> None:
    with redis.Redis(unix_socket_path=str(run_dir.socket)) as client:
        client.rpush("jobs", b"not json", b"{}", b'{"headers": {"job": "x"}}')
    assert queued_jobs(make_app(run_dir.broker_url)).keys() == set()


def test_messages_survive_a_kill_of_the_broker(run_dir: RunDir, broker: "Popen[bytes]") -> None:
    app = make_app(run_dir.broker_url)
    send(app, MESSAGES)
    broker.kill()
    broker.wait()
    again = start_broker(run_dir)
    try:
        assert queued_jobs(make_app(run_dir.broker_url)).keys() == {1, 2, 3}
    finally:
        again.terminate()
        again.wait()


def test_a_broker_that_is_away_is_named_soon_and_nothing_counts_as_sent(run_dir: RunDir) -> None:
    with pytest.raises(UnavailableError, match=r"broker\.sock"):
        send(make_app(run_dir.broker_url), MESSAGES)
