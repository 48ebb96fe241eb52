"""Messages that are lost, malformed, huge or many: the worker lives and every job runs once."""

import time
from typing import Any

import pytest
import redis
from sqlalchemy import func, select

from runner.local.run_dir import RunDir
from runner.needs import Offer
from runner.queue.app import NEW_JOBS, make_app, queues_of
from runner.store.lifecycle.outbox import WINDOW
from runner.store.schema import Job, Worker
from tests.acceptance.command_line import wait_until
from tests.faults.scene import Scene
from tests.hostile_messages import BROADCASTS, HUGE_BYTES, KOMBU_KEYS, ODD, UNREADABLE

Outcome = tuple[str, list[tuple[Any, ...]]]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

PENDING = 1000
# Those that a worker of embedded mode listens to.
QUEUES = queues_of(Offer(code=True))
EVENTS = 50_000


def test_a_thousand_pending_jobs_all_run_though_the_broker_forgets_their_messages(
    scene: Scene,
) -> None:
    scene.runner.environment["RUNNER_SLOTS"] = "2"
    scene.runner("up")
    jobs = scene.tune(PENDING)
    run_dir = RunDir(scene.runner.directory / "results")
    with redis.Redis(unix_socket_path=str(run_dir.socket)) as client:
        wait_until(lambda: client.llen(NEW_JOBS) > WINDOW * 0.9, "they are sent", scene.explain)
        client.flushall()
    succeeded = select(func.count()).where(Job.state == "succeeded", Job.attempts == 1)
    wait_until(lambda: scene.rows(succeeded)[0]["count_1"] == len(jobs), "all ran", seconds=800)


def test_messages_that_no_worker_can_read_are_logged_and_the_worker_lives(
    scene: Scene, uninterrupted: Outcome
) -> None:
    scene.runner("up")
    run_dir = RunDir(scene.runner.directory / "results")
    worker = scene.worker()
    with redis.Redis(unix_socket_path=str(run_dir.socket)) as client:
        for key in KOMBU_KEYS:
            client.set(key, "nonsense")
        for message in BROADCASTS.values():
            client.publish("/0.celery.pidbox", message)
        for queue in QUEUES:
            client.lpush(queue, *UNREADABLE.values(), *ODD.values())
        wait_until(lambda: not client.exists(*QUEUES), "all are taken", scene.explain)
        for queue in QUEUES:
            client.set(queue, "nonsense")
        began = time.monotonic()
        job = scene.submit()
        scene.wait_for(job)
        print(f"after what nobody can read a tiny job took {time.monotonic() - began:.1f} s")
        assert not client.exists(*QUEUES), "nothing is left for the next worker"
    assert scene.attempts(job) == ["succeeded"]
    assert scene.outcome(job) == uninterrupted
    assert worker.is_running()
    # A process that was replaced would be another row.
    assert len(scene.rows(select(Worker.name))) == 1
    log = (run_dir.logs / "worker.log").read_text()
    assert log.count("that has no job id") == len(QUEUES) * len(UNREADABLE)
    assert log.count("removed a Redis string at the key of the queue") == len(QUEUES)
    assert len(log) < HUGE_BYTES / 50


def test_a_flood_of_events_that_nobody_reads_has_no_effect(
    scene: Scene, uninterrupted: Outcome
) -> None:
    scene.runner("up")
    app = make_app(RunDir(scene.runner.directory / "results").broker_url)
    job = scene.submit()
    with app.connection_for_write() as connection, app.events.Dispatcher(connection) as dispatcher:
        for number in range(EVENTS):
            dispatcher.send("task-progress", uuid=str(number), result="x" * 200)
    scene.wait_for(job)
    assert scene.attempts(job) == ["succeeded"]
    assert scene.outcome(job) == uninterrupted
