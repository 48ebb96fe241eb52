"""Hosts that vanish, and hosts whose workers are restarted one after another."""

import shutil
import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest
from sqlalchemy import select

from runner.store.schema import Job
from tests.acceptance.command_line import TINY, Runner, wait_until
from tests.broker_server import Broker
from tests.faults.conftest import StartWorker
from tests.faults.scene import Scene

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

HOST_SECONDS = 75
DRAIN_SECONDS = 10
TRIALS = 16
TRIAL_SECONDS = 300

# A host is told apart by its boot and its pid namespace: a namespace of its own is another one.
ANOTHER_HOST = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def can_make_hosts() -> bool:
    """Tell whether this user may make a namespace."""
    if shutil.which(ANOTHER_HOST[0]) is None:
        return False
    return subprocess.run([*ANOTHER_HOST, "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def rack(runner: Runner, database_url: str, broker: Broker) -> Iterator[Scene]:
    """Offer a scene on either database with a broker that listens on a port."""
    runner.environment["RUNNER_BROKER_URL"] = broker.url
    scene = Scene(runner, database_url)
    yield scene
    scene.close()
    del runner.environment["RUNNER_BROKER_URL"]


@pytest.mark.skipif(not can_make_hosts(), reason="needs `unshare` and the right to use it (root)")
def test_a_host_that_vanishes_is_noticed_within_a_lease_and_a_sweep(
    rack: Scene, start_worker: StartWorker
) -> None:
    scene = rack
    host = start_worker(*ANOTHER_HOST)
    job = scene.submit("--param", "batch_size=1", "--epochs", "2000")
    wait_until(lambda: scene.epochs(job), "it trains", scene.explain)
    start_worker()
    other = scene.submit("--epochs", "1")
    scene.wait_for(other)
    host.kill()
    died = time.monotonic()
    scene.wait_for_attempt(job, 2)
    repaired = time.monotonic() - died
    print(f"host lost: its job was claimed again after {repaired:.1f} s")
    assert repaired <= HOST_SECONDS
    assert scene.attempts(job) == ["lost", "running"]
    scene.runner("cancel", "--job", str(job))
    scene.wait_for(job, "cancelled")


def test_workers_restarted_one_after_another_under_load_fail_no_trial_and_charge_none(
    rack: Scene, start_worker: StartWorker
) -> None:
    scene = rack
    trial = ["submit", "train", *TINY, "--epochs", "6", "--fresh"]
    repeats = scene.runner.json(*trial, "--repeats", str(TRIALS))["jobs"]
    jobs = [job["job"] for job in repeats]
    workers = [start_worker() for _ in range(2)]
    scene.wait_for_another()
    for number in [0, 1, 0, 1]:
        worker, before = workers[number], time.monotonic()
        family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
        worker.terminate()
        assert worker.wait(DRAIN_SECONDS) == 0
        psutil.wait_procs(family, timeout=1)
        print(f"worker {number} was gone after {time.monotonic() - before:.1f} s")
        assert not any(process.is_running() for process in family)
        workers[number] = start_worker()
        scene.wait_for_another()
    # In no order: a message that a worker took with it is sent again behind all others.
    states = select(Job.state).where(Job.id.in_(jobs))
    wait_until(
        lambda: {row["state"] for row in scene.rows(states)} == {"succeeded"},
        "all trials succeeded",
        scene.explain,
        TRIAL_SECONDS,
    )
    for job in jobs:
        assert set(scene.attempts(job)) <= {"released", "succeeded"}
    # Seeds count up from 0 in the order of the jobs.
    released = next(job for job in jobs if "released" in scene.attempts(job))
    seed = str(jobs.index(released))
    (undisturbed,) = scene.runner.json(*trial, "--seed", seed)["jobs"]
    scene.wait_for(undisturbed["job"])
    assert scene.outcome(released) == scene.outcome(undisturbed["job"])
