"""Which attempts a recovery takes for dead: by their process, else by their silence."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from runner.processes import host_identity, own_identity, process_started
from runner.queue import dispatch
from runner.queue.app import NEW_JOBS, make_app, open_entry, queued_jobs
from runner.queue.recovery import Watch, resume_begun, sweep_until
from runner.settings import Settings
from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle import outbox
from runner.store.lifecycle.attempts import OpenAttempt
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.workers import WorkerProcess, worker_seen
from tests.broker_server import Broker
from tests.processes import unused_port
from tests.runner.store.making import make_claim, make_jobs, make_worker

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


def make_dead_worker(store: Store) -> str:
    """Let a worker be seen whose process on this host is gone; return its name."""
    name = "dead"
    worker_seen(store, WorkerProcess(name, host_identity(), PID, "then", "cpu"))
    return name


def test_what_was_begun_is_sent_before_a_worker_first_looks_and_nothing_new_is_waited_for(
    sqlite_store: Store, broker: Broker
) -> None:
    lost, released, _ = make_jobs(sqlite_store, 3)
    worker = make_dead_worker(sqlite_store)
    assert claim(sqlite_store, lost, worker) is not None
    claimed = claim(sqlite_store, released, worker)
    assert claimed is not None
    finish(sqlite_store, claimed.key, AttemptState.RELEASED)
    settings = Settings.from_environment(
        {"RUNNER_DATABASE_URL": sqlite_store.url, "RUNNER_BROKER_URL": broker.url}
    )
    resume_begun(settings)
    assert queued_jobs(make_app(broker.url)).keys() == {lost, released}
    assert broker.client.llen(NEW_JOBS) == 0


def test_each_of_many_jobs_gets_one_message_and_few_wait_at_once(
    sqlite_store: Store, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "WINDOW", 10)
    # However slow this machine is: no message is lost here.
    monkeypatch.setattr(dispatch, "LOST_AFTER_SECONDS", 1000)
    left = set(make_jobs(sqlite_store, 60))
    count, worker, client = len(left), make_worker(sqlite_store), cast("Any", broker.client)
    settings = Settings.from_environment(
        {"RUNNER_DATABASE_URL": sqlite_store.url, "RUNNER_BROKER_URL": broker.url}
    )
    quick = replace(settings, sweep_seconds=0.1)
    stopping = threading.Event()
    loops = [
        threading.Thread(target=sweep_until, args=(stopping, quick, os.getppid())) for _ in range(2)
    ]
    for loop in loops:
        loop.start()
    longest = 0
    while left:
        longest = max(longest, client.llen(NEW_JOBS))
        if (found := client.brpop([NEW_JOBS], timeout=1)) is None:
            continue
        envelope = open_entry(found[1])
        assert envelope is not None
        claimed = claim(sqlite_store, envelope.job_id, worker)
        assert claimed is not None
        finish(sqlite_store, claimed.key, AttemptState.SUCCEEDED)
        left.remove(envelope.job_id)
    stopping.set()
    for loop in loops:
        loop.join()
    assert longest <= outbox.WINDOW
    assert client.info("commandstats")["cmdstat_lpush"]["calls"] == count


def test_a_worker_starts_though_what_was_begun_cannot_be_sent(sqlite_store: Store) -> None:
    nowhere = f"redis://127.0.0.1:{unused_port()}/0"
    make_claim(sqlite_store, make_dead_worker(sqlite_store))
    for database_url in (sqlite_store.url, "sqlite:////proc/none/runner.db"):
        resume_begun(
            Settings.from_environment(
                {"RUNNER_DATABASE_URL": database_url, "RUNNER_BROKER_URL": nowhere}
            )
        )


def test_a_recovery_whose_worker_is_gone_before_it_began_ends(tmp_path: Path) -> None:
    """Leave nobody behind who would sweep for ever: an orphan's parent is another process."""
    done = subprocess.run(
        [sys.executable, "-m", "runner.queue.recovery", "1"],
        env=os.environ | {"RUNNER_HOME": str(tmp_path), "RUNNER_SWEEP_SECONDS": "0.1"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
