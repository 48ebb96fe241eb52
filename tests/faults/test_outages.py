"""Databases and brokers that are away for a minute: it costs time, and neither data nor a trial."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.embedded.broker import server_binary
from tests.acceptance.command_line import Runner
from tests.faults.scene import Scene
from tests.postgresql_server import PostgresqlServer
from tests.processes import end, running, unused_port

Outcome = tuple[str, list[tuple[Any, ...]]]

AWAY_SECONDS = 60
ANSWER_SECONDS = 35

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


def test_a_minute_without_postgresql_fails_no_trial_and_loses_no_epoch(
    runner: Runner, postgresql_server: PostgresqlServer, postgresql_url: str, uninterrupted: Outcome
) -> None:
    scene = Scene(runner, postgresql_url)
    runner("up")
    long = scene.submit("--param", "batch_size=4", "--epochs", "40")
    short = scene.submit()
    scene.child(long)
    scene.store.close()
    postgresql_server.stop()
    time.sleep(AWAY_SECONDS)
    postgresql_server.start()
    for job in (long, short):
        scene.wait_for(job)
        assert scene.attempts(job) == ["succeeded"]
    assert scene.outcome(short) == uninterrupted
    assert [row[0] for row in scene.outcome(long)[1]] == list(range(1, 41))
    scene.store.close()


class Broker:
    """A broker on a port of this machine, which can be started again after its end."""

    def __init__(self, directory: Path) -> None:
        port = unused_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        self._command = [server_binary(), "--port", str(port), "--bind", "127.0.0.1"]
        self._command += ["--save", "", "--dir", str(directory)]
        self.start()

    def start(self) -> None:
        """Start it, with an empty queue."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Offer a broker."""
    broker = Broker(tmp_path)
    yield broker
    broker.process.send_signal(signal.SIGCONT)
    end(broker.process)


@pytest.mark.parametrize("fault", ["gone", "hung"])
def test_a_minute_without_the_broker_stops_no_trial_and_the_command_line_saves_what_it_is_told(
    runner: Runner, sqlite_url: str, broker: Broker, uninterrupted: Outcome, fault: str
) -> None:
    scene = Scene(runner, sqlite_url)
    runner.environment["RUNNER_BROKER_URL"] = broker.url
    command, log = runner.command("worker"), runner.directory / "worker.log"
    with running(command, runner.environment, log):
        long = scene.submit("--param", "batch_size=4", "--epochs", "40")
        scene.child(long)
        broker.process.send_signal(signal.SIGKILL if fault == "gone" else signal.SIGSTOP)
        began = time.monotonic()
        short = scene.submit()
        answered = time.monotonic() - began
        print(f"broker {fault}: submit answered after {answered:.1f} s")
        assert answered < ANSWER_SECONDS
        time.sleep(AWAY_SECONDS - answered)
        if fault == "gone":
            broker.process.wait()
            broker.start()
        else:
            broker.process.send_signal(signal.SIGCONT)
        for job in (long, short):
            scene.wait_for(job)
            assert scene.attempts(job) == ["succeeded"]
    assert scene.outcome(short) == uninterrupted
    scene.store.close()
    del runner.environment["RUNNER_BROKER_URL"]
