"""Which attempts a recovery takes for dead: by their process, else by their silence."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runner.processes import host_identity, own_identity, process_started
from runner.recovery import Watch
from runner.store.attempts import OpenAttempt

LEASE = 60.0
PID, STARTED = own_identity()
ELSEWHERE = OpenAttempt(1, 1, "worker", "another host", PID, STARTED, 0)
HERE = replace(ELSEWHERE, host=host_identity())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Offer this process's clock, to be moved by hand: a lease is too long to wait for."""
    moment = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    return moment


def looks(
    watch: Watch, clock: list[float], seconds: int, attempt: OpenAttempt
) -> list[OpenAttempt]:
    """Look every second; return what is dead at the end."""
    dead: list[OpenAttempt] = []
    for _ in range(seconds):
        clock[0] += 1
        dead = watch.dead([attempt])
    return dead


def test_a_silent_attempt_elsewhere_is_dead_after_a_lease_and_not_before(
    clock: list[float],
) -> None:
    watch = Watch(LEASE)
    assert looks(watch, clock, 60, ELSEWHERE) == []
    assert looks(watch, clock, 1, ELSEWHERE) == [ELSEWHERE]


def test_a_heartbeat_begins_the_lease_anew(clock: list[float]) -> None:
    watch = Watch(LEASE)
    assert looks(watch, clock, 59, ELSEWHERE) == []
    assert looks(watch, clock, 59, replace(ELSEWHERE, heartbeats=1)) == []


def test_while_nobody_looked_silence_proves_nothing(clock: list[float]) -> None:
    watch = Watch(LEASE)
    assert looks(watch, clock, 30, ELSEWHERE) == []
    clock[0] += 2 * LEASE
    assert looks(watch, clock, 60, ELSEWHERE) == []
    assert looks(watch, clock, 1, ELSEWHERE) == [ELSEWHERE]


def test_a_process_of_this_host_that_is_gone_is_dead_at_once() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        attempt = replace(HERE, pid=process.pid, process_started=process_started(process.pid) or "")
        assert Watch(LEASE).dead([attempt]) == []
        process.kill()
    assert Watch(LEASE).dead([attempt]) == [attempt]


def test_another_process_with_the_pid_of_a_dead_one_is_not_taken_for_it() -> None:
    assert Watch(LEASE).dead([HERE]) == []
    older = replace(HERE, pid=os.getpid(), process_started="1")
    assert Watch(LEASE).dead([older]) == [older]


def test_a_recovery_whose_worker_is_gone_before_it_began_ends(tmp_path: Path) -> None:
    """Leave nobody behind who would sweep for ever: an orphan's parent is another process."""
    done = subprocess.run(
        [sys.executable, "-m", "runner.recovery", "1"],
        env=os.environ | {"RUNNER_HOME": str(tmp_path), "RUNNER_SWEEP_SECONDS": "0.1"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
