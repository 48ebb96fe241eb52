"""A broker that is away, or refuses, is named with what helps, whatever was asked of it."""

import shutil
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from runner.errors import UnavailableError
from runner.queue.app import NEW_JOBS, Message, broker_facts, make_app, queued_jobs, send
from tests.broker_server import Broker
from tests.processes import unused_port, wait_until

MESSAGE = Message(1, NEW_JOBS, "train", "trial 1", {})
ASKED: dict[str, Callable[[Any], object]] = {
    "send": lambda app: send(app, [MESSAGE]),
    "queued": queued_jobs,
    "facts": broker_facts,
}


@pytest.fixture(params=ASKED)
def asked(request: pytest.FixtureRequest) -> Callable[[Any], object]:
    """Offer everything that is ever asked of a broker."""
    return ASKED[request.param]


def test_a_broker_that_is_not_there_is_named(
    asked: Callable[[Any], object], tmp_path: Path
) -> None:
    lonely = tmp_path / "broker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(lonely))
    places = (
        f"redis://:secret@127.0.0.1:{unused_port()}/0",
        f"redis+socket://{lonely}",
        f"redis+socket://{tmp_path / 'none.sock'}",
        "redis://host..invalid/0",
    )
    for place in places:
        with pytest.raises(UnavailableError, match="cannot be reached") as refused:
            asked(make_app(place))
        assert "secret" not in str(refused.value)
        assert "unsent jobs are saved" in refused.value.fix


REFUSED: dict[str, tuple[str, str]] = {
    "CONFIG SET requirepass right": ("rejects the password", "RUNNER_BROKER_PASSWORD_FILE"),
    "CONFIG SET maxmemory 1": ("is out of memory", "maxmemory"),
    "REPLICAOF 127.0.0.1 1": ("is a read-only replica", "primary"),
    "ACL SETUSER default -@all": ("denies this user a permission", "all commands"),
}


@pytest.mark.parametrize("command", REFUSED)
def test_a_broker_that_refuses_says_why_and_what_helps(broker: Broker, command: str) -> None:
    client: Any = broker.client
    client.execute_command(*command.split())
    what, fix = REFUSED[command]
    with pytest.raises(UnavailableError) as refused:
        send(make_app(broker.url), [MESSAGE])
    assert what in refused.value.what
    assert fix in refused.value.fix


def test_a_broker_that_a_script_keeps_busy_says_so(broker: Broker) -> None:
    broker.client.config_set("busy-reply-threshold", 1)
    endless = "while true do end"

    def keep_busy() -> None:
        with suppress(redis.ResponseError):
            redis.Redis.from_url(broker.url).eval(endless, 0)

    script = threading.Thread(target=keep_busy)
    script.start()
    wait_until(lambda: is_busy(broker))
    with pytest.raises(UnavailableError, match="is busy running a script"):
        send(make_app(broker.url), [MESSAGE])
    broker.client.script_kill()
    script.join()


def is_busy(broker: Broker) -> bool:
    try:
        broker.client.ping()
    except redis.ResponseError as error:
        return "BUSY" in str(error)
    return False


def test_a_broker_that_cannot_write_to_its_disk_says_so(tmp_path: Path) -> None:
    directory = tmp_path / "disk"
    directory.mkdir()
    broker = Broker(directory)
    client: Any = broker.client
    try:
        client.config_set("save", "3600 1")
        shutil.rmtree(directory)
        client.bgsave()
        wait_until(lambda: client.info()["rdb_last_bgsave_status"] == "err")
        with pytest.raises(UnavailableError, match="cannot write to its disk"):
            send(make_app(broker.url), [MESSAGE])
    finally:
        # It would not end without having saved.
        client.config_set("save", "")
        broker.close()


def test_the_url_is_shown_as_it_was_given_but_for_the_password() -> None:
    port = unused_port()
    for given, shown in {"": "", ":secret@": ":**@", "ada:secret@": "ada:**@"}.items():
        with pytest.raises(UnavailableError) as refused:
            queued_jobs(make_app(f"redis://{given}127.0.0.1:{port}/0"))
        assert (
            f"the broker redis://{shown}127.0.0.1:{port}/0 cannot be reached" in refused.value.what
        )
