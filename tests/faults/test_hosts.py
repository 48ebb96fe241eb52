"""Hosts that vanish, and hosts whose workers are restarted one after another."""

import os
import shutil
import signal
import subprocess
import time
from typing import Any

import psutil
import pytest

from tests.acceptance.command_line import Runner
from tests.broker_server import Broker
from tests.faults.scene import Scene, wait_until
from tests.processes import end

Outcome = tuple[str, list[tuple[Any, ...]]]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

HOST_SECONDS = 75
DRAIN_SECONDS = 10
TRIALS = 8

# A host is told apart by its boot and its pid namespace: a namespace of its own is another one.
ANOTHER_HOST = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def can_make_hosts() -> bool:
    """Tell whether this user may make a namespace."""
    if shutil.which(ANOTHER_HOST[0]) is None:
        return False
    return subprocess.run([*ANOTHER_HOST, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_make_hosts(), reason="needs `unshare` and the right to use it (root)")
def test_a_host_that_vanishes_is_noticed_within_a_lease_and_a_sweep(
    runner: Runner, database_url: str, broker: Broker, uninterrupted: Outcome
) -> None:
    scene = Scene(runner, database_url)
    runner.environment["RUNNER_BROKER_URL"] = broker.url
    log = runner.directory / "host.log"
    with log.open("ab") as output:
        host = subprocess.Popen(
            [*ANOTHER_HOST, *runner.command("worker")],
            cwd=runner.directory,
            env=runner.environment,
            stdout=output,
            stderr=output,
        )
    job = scene.submit("--param", "batch_size=4", "--epochs", "60")
    wait_until(lambda: scene.epochs(job), "it trains", scene.explain)
    worker = runner.start("worker")
    other = scene.submit()
    scene.wait_for(other)
    host.kill()
    host.wait()
    died = time.monotonic()
    wait_until(lambda: len(scene.attempts(job)) == 2, "another has it", scene.explain)
    repaired = time.monotonic() - died
    print(f"host lost: its job was claimed again after {repaired:.1f} s")
    assert repaired <= HOST_SECONDS
    scene.wait_for(job)
    assert scene.attempts(job) == ["lost", "succeeded"]
    assert scene.outcome(other) == uninterrupted
    end(worker)
    scene.close()


def test_workers_restarted_one_after_another_under_load_fail_no_trial_and_charge_none(
    runner: Runner, database_url: str, broker: Broker, uninterrupted: Outcome
) -> None:
    scene = Scene(runner, database_url)
    runner.environment["RUNNER_BROKER_URL"] = broker.url
    workers = [runner.start("worker") for _ in range(2)]
    jobs = [scene.submit() for _ in range(TRIALS)]
    wait_until(lambda: scene.epochs(jobs[0]), "they train", scene.explain)
    for number in [0, 1, 0, 1]:
        worker, before = workers[number], time.monotonic()
        family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
        os.kill(worker.pid, signal.SIGTERM)
        assert worker.wait(DRAIN_SECONDS) == 0
        psutil.wait_procs(family, timeout=1)
        print(f"worker {number} was gone after {time.monotonic() - before:.1f} s")
        assert not any(process.is_running() for process in family)
        workers[number] = runner.start("worker")
        scene.wait_for_another()
    for job in jobs:
        scene.wait_for(job)
        assert set(scene.attempts(job)) <= {"released", "succeeded"}
        assert scene.outcome(job) == uninterrupted
    for worker in workers:
        end(worker)
    scene.close()
