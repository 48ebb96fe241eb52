"""Who is counted as alive, and what is said where nobody works."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from runner.doctor.broker import examine_broker
from runner.local.liveness import why_nothing_runs, workers_alive
from runner.local.run_dir import RunDir, Trouble
from runner.processes import host_identity, process_started
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.lifecycle.workers import WorkerProcess, worker_seen
from tests.runner.store.making import run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"RUNNER_HOME": str(tmp_path)})


def be_seen(store: Store, name: str, host: str, pid: int) -> None:
    started = process_started(pid) or "gone"
    worker_seen(store, WorkerProcess(name, host, pid, started, "cpu"))


def test_a_worker_that_was_killed_is_not_counted_here_at_once_nor_elsewhere_for_long(
    sqlite_store: Store, settings: Settings
) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        be_seen(sqlite_store, "here", host_identity(), process.pid)
        be_seen(sqlite_store, "elsewhere", "another host", 1)
        names = {worker.name for worker in workers_alive(settings, sqlite_store)}
        assert names == {"here", "elsewhere"}
        process.kill()
    assert [worker.name for worker in workers_alive(settings, sqlite_store)] == ["elsewhere"]
    run(sqlite_store, "UPDATE workers SET seen_at = datetime(seen_at, '-16 seconds')")
    assert workers_alive(settings, sqlite_store) == []


def test_where_no_worker_is_alive_the_command_that_starts_one_is_named(
    sqlite_store: Store, settings: Settings
) -> None:
    assert "`runner up`" in str(why_nothing_runs(settings, sqlite_store))
    elsewhere = replace(settings, broker_url="redis://h/0")
    assert "`runner worker`" in str(why_nothing_runs(elsewhere, sqlite_store))
    be_seen(sqlite_store, "here", host_identity(), os.getpid())
    assert why_nothing_runs(settings, sqlite_store) is None


def test_a_worker_that_does_not_start_is_said_to_whoever_waits_and_found_by_doctor(
    sqlite_store: Store, settings: Settings
) -> None:
    run_dir = RunDir(settings.home)
    run_dir.create()
    lock = run_dir.take()
    run_dir.tell(Trouble("the worker does not start: it ended 3 times", "worker.log", 3))
    assert "it ended 3 times" in str(why_nothing_runs(settings, sqlite_store))
    first, *_ = examine_broker(settings)
    assert "it ended 3 times" in first.what
    assert lock is not None
    os.close(lock)
