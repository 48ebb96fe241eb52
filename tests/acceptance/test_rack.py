"""Several hosts: PostgreSQL, a Redis-protocol server on TCP, workers that share no disk."""

import base64
import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.acceptance.command_line import TINY, Runner
from tests.broker_server import Broker
from tests.processes import end, unused_port, wait_until

WAIT_SECONDS = 300


@contextmanager
def working(runner: Runner) -> Iterator[None]:
    """Run one worker, and end it as an operator does."""
    worker = runner.start("worker")
    try:
        yield
    finally:
        worker.terminate()
        assert worker.wait(WAIT_SECONDS) == 0, runner.logs()


@pytest.fixture
def rack(
    runner_in: Callable[..., Runner], postgresql_url: str, broker: Broker
) -> Callable[[str], Runner]:
    """Offer hosts that share a database and a broker and nothing else."""

    def host(name: str) -> Runner:
        return runner_in(name, RUNNER_DATABASE_URL=postgresql_url, RUNNER_BROKER_URL=broker.url)

    return host


def test_a_job_that_waited_for_a_worker_is_evaluated_and_explained_by_another(
    rack: Callable[[str], Runner],
) -> None:
    person, first, second = rack("person"), rack("first"), rack("second")
    person("db", "upgrade")
    submitted = person("submit", "train", *TINY, "--epochs", "1")
    assert "runner worker" in submitted.stderr
    with working(first):
        person("watch", "1")
    trial = str(person.look("status", "1")["jobs"][0]["trial"])
    with working(second):
        evaluated = person.json("submit", "evaluate", "--trial", trial, "--wait")
        explained = person.json(
            *("submit", "explain", "--trial", trial, "--images", "0", "--samples", "50", "--wait")
        )
    assert person.look("report", str(evaluated["experiment"]))["evaluations"][0]["accuracy"] >= 0
    assert person.look("report", str(explained["experiment"]))["explanations"][0]["superpixels"]
    assert not list((first.directory / "results").glob("*.db"))


def test_flower_shows_readable_tasks_and_their_progress(rack: Callable[[str], Runner]) -> None:
    person, host = rack("person"), rack("host")
    person("db", "upgrade")
    port = unused_port()
    with working(host):
        wait_until(
            lambda: person.look("status")["workers"], "a worker is alive", seconds=WAIT_SECONDS
        )
        flower = person.start("flower", "--port", str(port))
        try:
            wait_until(
                lambda: _get(port, "/healthcheck") is not None,
                "flower answers",
                seconds=WAIT_SECONDS,
            )
            login = (person.directory / "results" / "run" / "flower_login").read_text().strip()
            person("submit", "train", *TINY, "--epochs", "3", "--wait")
            tasks = wait_until(
                lambda: [
                    task
                    for task in (_get(port, "/api/tasks", login) or {}).values()
                    if task["succeeded"]
                ],
                "flower has seen the task",
                seconds=WAIT_SECONDS,
            )
        finally:
            end(flower)
    assert tasks[0]["name"] == "train"
    assert "experiment 1 job 1: " in tasks[0]["args"]
    assert "'blocks': 1" in tasks[0]["kwargs"]


def _get(port: int, path: str, login: str = "") -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            content = answer.read()
    except OSError:
        return None
    return json.loads(content) if path.startswith("/api") else content


def test_a_worker_that_cannot_work_says_why_and_how_to_mend_it(
    runner_in: Callable[..., Runner], postgresql_url: str, broker: Broker
) -> None:
    assert "RUNNER_BROKER_URL is not set" in runner_in("alone")("worker", code=2).stderr
    empty = runner_in("empty", RUNNER_DATABASE_URL=postgresql_url, RUNNER_BROKER_URL=broker.url)
    assert "run `runner db upgrade`" in empty("worker", code=2).stderr
    nobody = "postgresql://nobody@127.0.0.1:1/none"
    away = runner_in("away", RUNNER_DATABASE_URL=nobody, RUNNER_BROKER_URL=broker.url)
    assert "to fix it" in away("worker", code=3).stderr
