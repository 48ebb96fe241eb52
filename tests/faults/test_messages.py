"""Messages that are lost, malformed, huge or many: the worker lives and every job runs once."""

import json
from typing import Any

import pytest
import redis
from sqlalchemy import func, select

from runner.embedded.place import Place
from runner.queue import NEW_JOBS, make_app
from runner.store.schema import Job, Worker
from tests.faults.scene import Scene, wait_until

Outcome = tuple[str, list[tuple[Any, ...]]]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

PENDING = 1000
EVENTS = 50_000
HUGE_BYTES = 10_000_000


def test_a_thousand_pending_jobs_all_run_though_the_broker_forgets_their_messages(
    scene: Scene,
) -> None:
    grid = scene.runner.directory / "grid.json"
    grid.write_text(json.dumps({"lr": [number / 100_000 for number in range(1, PENDING + 1)]}))
    scene.runner.environment["RUNNER_SLOTS"] = "2"
    scene.runner("up")
    jobs = scene.tune(grid)
    place = Place(scene.runner.directory / "results")
    with redis.Redis(unix_socket_path=str(place.socket)) as client:
        wait_until(lambda: client.llen(NEW_JOBS) > PENDING * 0.9, "they are sent", scene.explain)
        client.flushall()
    succeeded = select(func.count()).where(Job.state == "succeeded", Job.attempts == 1)
    wait_until(lambda: scene.rows(succeeded)[0]["count_1"] == len(jobs), "all ran", seconds=800)


def test_messages_that_no_worker_can_read_are_logged_and_the_worker_lives(
    scene: Scene, uninterrupted: Outcome
) -> None:
    scene.runner("up")
    app = make_app(Place(scene.runner.directory / "results").broker_url)
    app.send_task("no.such.task", args=[1], queue=NEW_JOBS)
    app.send_task("train", args=["x" * HUGE_BYTES], queue=NEW_JOBS)
    app.send_task("train", args=[{"not": "a job"}], kwargs={"surprise": 1}, queue=NEW_JOBS)
    with app.connection_for_write() as connection:
        getattr(connection.default_channel, "client").lpush(NEW_JOBS, b'{"headers": {}}')  # noqa: B009
    job = scene.submit()
    scene.wait_for(job)
    assert scene.attempts(job) == ["succeeded"]
    assert scene.outcome(job) == uninterrupted
    # A process that was replaced would be another row.
    assert len(scene.rows(select(Worker.name))) == 1
    log = (scene.runner.directory / "results" / "logs" / "worker.log").read_text()
    assert log.count("Received unregistered task of type 'no.such.task'") == 1
    assert log.count("a message that names no job is dropped: 'xxx") == 1
    assert log.count("unexpected keyword argument 'surprise'") == 2, "in one traceback"
    assert len(log) < HUGE_BYTES / 100


def test_a_flood_of_events_that_nobody_reads_has_no_effect(
    scene: Scene, uninterrupted: Outcome
) -> None:
    scene.runner("up")
    app = make_app(Place(scene.runner.directory / "results").broker_url)
    job = scene.submit()
    with app.connection_for_write() as connection, app.events.Dispatcher(connection) as dispatcher:
        for number in range(EVENTS):
            dispatcher.send("task-progress", uuid=str(number), result="x" * 200)
    scene.wait_for(job)
    assert scene.attempts(job) == ["succeeded"]
    assert scene.outcome(job) == uninterrupted
