"""Workers that are told to stop, and services that go away for a while."""

import signal
import time
from contextlib import closing
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from runner.store.sqlite import sqlite3
from tests.acceptance.command_line import wait_until
from tests.faults.scene import Scene

Outcome = tuple[str, list[tuple[Any, ...]]]

DRAIN_SECONDS = 10


@pytest.mark.faults
def test_a_worker_that_is_told_to_stop_is_gone_in_seconds_and_nothing_is_charged(
    scene: Scene,
) -> None:
    scene.runner("up")
    job = scene.submit("--param", "batch_size=1", "--epochs", "2000")
    for stopped, names in enumerate([["SIGTERM"], ["SIGINT"], ["SIGTERM", "SIGTERM"], ["SIGHUP"]]):
        child = scene.child(job)
        main = child.parent()
        assert main is not None
        started = time.monotonic()
        for name in names:
            main.send_signal(getattr(signal, name))
        _, alive = psutil.wait_procs([main, child], timeout=DRAIN_SECONDS)
        assert alive == []
        print(f"{'+'.join(names)}: gone after {time.monotonic() - started:.1f} s")
        assert scene.attempts(job)[: stopped + 1] == ["released"] * (stopped + 1)
        assert scene.job(job)["lost"] == 0
        scene.wait_for_attempt(job, stopped + 2)
    scene.runner("cancel", "--job", str(job))


@pytest.mark.faults
def test_a_worker_that_is_told_to_stop_while_its_job_hangs_is_gone_in_seconds_too(
    scene: Scene, uninterrupted: Outcome
) -> None:
    places = ["before_claim", "after_claim", "epoch_2"]
    scene.dies(*(f"{place}=hang" for place in places))
    scene.runner("up")
    job = scene.submit()
    for place in places:
        wait_until((scene.marks / place).exists, f"it hangs at {place}", scene.explain)
        main = scene.worker()
        family = [main, *main.children(recursive=True)]
        started = time.monotonic()
        main.terminate()
        _, alive = psutil.wait_procs(family, timeout=DRAIN_SECONDS)
        assert alive == []
        print(f"hangs at {place}: gone after {time.monotonic() - started:.1f} s")
    scene.wait_for(job)
    assert set(scene.attempts(job)) <= {"released", "succeeded"}
    assert scene.job(job)["lost"] == 0
    assert scene.outcome(job) == uninterrupted


@pytest.mark.faults
def test_a_worker_that_is_told_to_stop_while_the_database_is_locked_is_gone_in_seconds_too(
    scene: Scene, uninterrupted: Outcome
) -> None:
    scene.runner("up")
    job = scene.submit()
    wait_until(lambda: scene.epochs(job), "it trains", scene.explain)
    main = scene.worker()
    family = [main, *main.children(recursive=True)]
    path = scene.runner.environment["RUNNER_DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        main.terminate()
        _, alive = psutil.wait_procs(family, timeout=DRAIN_SECONDS)
        assert alive == []
        print(f"locked database: gone after {time.monotonic() - started:.1f} s")
    scene.wait_for(job)
    assert scene.outcome(job) == uninterrupted


@pytest.mark.faults
def test_connections_that_the_database_ends_again_and_again_fail_no_trial(
    scene_on_postgresql: Scene, uninterrupted: Outcome
) -> None:
    scene = scene_on_postgresql
    scene.runner("up")
    jobs = [scene.submit() for _ in range(2)]
    others = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'runner' AND pid <> pg_backend_pid()"
        " AND datname = current_database()"
    )
    ended = 0

    def all_done() -> bool:
        nonlocal ended
        with scene.store.write() as connection:
            ended += connection.execute(others).scalar_one()
        return all(scene.job(job)["state"] == "succeeded" for job in jobs)

    wait_until(all_done, "both trials are done", scene.explain)
    assert ended > 10
    for job in jobs:
        assert scene.outcome(job) == uninterrupted
