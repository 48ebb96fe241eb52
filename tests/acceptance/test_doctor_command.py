"""`runner doctor` finds nothing on the set-ups that we recommend, with workers at work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.local.broker import start_broker
from runner.local.run_dir import RunDir
from tests.acceptance.command_line import Runner
from tests.acceptance.test_rack import WAIT_SECONDS, working
from tests.processes import wait_until


def workers(runner: Runner) -> Any:
    return runner.look("status")["workers"]


def test_the_embedded_set_up_is_healthy(runner: Runner) -> None:
    runner("up")
    assert runner.json("doctor") == {"findings": []}


def test_a_broker_a_postgresql_and_a_worker_are_healthy_until_a_fault_is_planted(
    runner_in: Callable[..., Runner], postgresql_url: str, tmp_path: Path
) -> None:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    broker = start_broker(run_dir)
    urls = {"RUNNER_DATABASE_URL": postgresql_url, "RUNNER_BROKER_URL": run_dir.broker_url}
    host = runner_in("host", **urls)
    host("db", "upgrade")
    with working(host):
        wait_until(lambda: workers(host), "the worker is there", seconds=WAIT_SECONDS)
        assert host.json("doctor") == {"findings": []}
    broker.terminate()
    broker.wait()
    assert "cannot be reached" in host("doctor", code=1).stdout
