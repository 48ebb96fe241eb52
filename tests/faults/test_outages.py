"""Databases and brokers that are away for a minute: it costs time, and neither data nor a trial."""

import signal
import time
from typing import Any

import pytest

from tests.acceptance.command_line import Runner
from tests.broker_server import Broker
from tests.faults.scene import Scene
from tests.postgresql_server import PostgresqlServer
from tests.processes import running

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
    scene.close()
    postgresql_server.stop()
    time.sleep(AWAY_SECONDS)
    postgresql_server.start()
    for job in (long, short):
        scene.wait_for(job)
        assert scene.attempts(job) == ["succeeded"]
    assert scene.outcome(short) == uninterrupted
    assert [row[0] for row in scene.outcome(long)[1]] == list(range(1, 41))
    scene.close()


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
    scene.close()
    del runner.environment["RUNNER_BROKER_URL"]
