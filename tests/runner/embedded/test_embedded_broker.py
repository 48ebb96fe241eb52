"""The private broker carries real messages over its socket and forgets none at a restart."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest
import redis

from runner.embedded.broker import start_broker
from runner.embedded.place import Place
from runner.errors import UnavailableError
from runner.queue import Message, make_app, queued_jobs, send

MESSAGES = [Message(job, "tune", f"experiment 1 trial {job}", {"epochs": 5}) for job in (1, 2, 3)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.create()
    return place


@pytest.fixture
def broker(place: Place) -> Iterator["Popen[bytes]"]:
    server = start_broker(place)
    yield server
    server.terminate()
    server.wait()


@pytest.mark.usefixtures("broker")
def test_what_was_sent_is_on_the_queue(place: Place) -> None:
    app = make_app(place.broker_url)
    assert send(app, MESSAGES) == [1, 2, 3]
    assert queued_jobs(app) == {1, 2, 3}


@pytest.mark.usefixtures("broker")
def test_a_message_of_someone_else_is_not_taken_for_a_job(place: Place) -> None:
    with redis.Redis(unix_socket_path=str(place.socket)) as client:
        client.rpush("jobs", b"not json", b"{}", b'{"headers": {"job": "x"}}')
    assert queued_jobs(make_app(place.broker_url)) == set()


def test_messages_survive_a_kill_of_the_broker(place: Place, broker: "Popen[bytes]") -> None:
    app = make_app(place.broker_url)
    send(app, MESSAGES)
    broker.kill()
    broker.wait()
    again = start_broker(place)
    try:
        assert queued_jobs(make_app(place.broker_url)) == {1, 2, 3}
    finally:
        again.terminate()
        again.wait()


def test_a_broker_that_is_away_is_named_soon_and_nothing_counts_as_sent(place: Place) -> None:
    with pytest.raises(UnavailableError, match=r"broker\.sock"):
        send(make_app(place.broker_url), MESSAGES)
