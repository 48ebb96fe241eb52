"""What 100,000 pending jobs cost: Redis, recovery, and the commands that a person waits for.

python -m benchmarks scale [--jobs 100000] [--database sqlite|postgresql]

The jobs are taken by two processes that claim and end them without training.
`python -m benchmarks.scale` prints the same and writes nothing into the docs.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import redis

from benchmarks.leaderboard import make_database
from benchmarks.record import Measured
from runner.queue.app import BEGUN_JOBS, NEW_JOBS, open_entry
from runner.states import AttemptState
from runner.store.engine import Store, upgrade
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.workers import WorkerProcess, worker_seen
from tests.broker_server import Broker
from tests.processes import end

WATCHED_SECONDS = 20.0
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Place:
    """Where it all happens."""

    home: Path
    url: str
    broker: Broker

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a command."""
        mine = {"RUNNER_HOME": str(self.home), "RUNNER_DATABASE_URL": self.url}
        return os.environ | mine | {"RUNNER_BROKER_URL": self.broker.url}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took."""

    seconds: float
    busy: float
    megabytes: int

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.busy:.2f} s of CPU time, {self.megabytes} MB"


class Findings:
    """What was measured, printed at once."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def say(self, what: str, found: object) -> None:
        """Note a measurement."""
        self.rows.append((what, str(found)))
        print(f"{what}: {found}", flush=True)


def measure(arguments: Sequence[str]) -> Measured:
    """Measure everything, in the order in which a person meets it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--database", default="sqlite")
    given = parser.parse_args(arguments)
    findings = Findings()
    with ExitStack() as stack:
        url = make_database(stack, given.database)
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upgrade(url)
        broker = Broker(home)
        stack.callback(broker.close)
        place = Place(home, url, broker)
        submit = submission(home, given.jobs)
        findings.say("`runner submit tune`", command(place.environment, *submit))
        waiting(place, findings)
        for words in (["status"], ["status", "1"], ["report", "1", "--top", "20"]):
            findings.say(f"`runner {' '.join(words)}`", command(place.environment, *words))
        all_taken(place, given.jobs, findings)
        embedded(place, findings)
    return Measured(
        title=f"{given.jobs:,} pending jobs on {given.database}",
        columns=["what", "measured"],
        rows=findings.rows,
        note="Commands are measured with their start: wall time, CPU time and peak memory.",
    )


def submission(home: Path, jobs: int) -> list[str]:
    """Return the command that submits a grid of so many points."""
    rates = min(jobs, 1000)
    grid = {
        "lr": [number / 100_000 for number in range(1, rates + 1)],
        "dropout": [number / 1000 for number in range(jobs // rates)],
        "filters": [4],
        "blocks": [1],
        "epochs": [1],
    }
    path = home / "grid.json"
    path.write_text(json.dumps(grid))
    small = ["--dataset", "shapes", "--train-size", "20"]
    return ["submit", "tune", *small, "--grid", str(path), "--downsample", "1"]


def waiting(place: Place, findings: Findings) -> None:
    """Measure Redis, and the recovery while nothing changes."""
    with subprocess.Popen(recovery(), env=place.environment) as process:
        watched = psutil.Process(process.pid)
        wait_for_idle(watched)
        before = sum(watched.cpu_times()[:2])
        time.sleep(WATCHED_SECONDS)
        used = sum(watched.cpu_times()[:2]) - before
        end(process)
    findings.say("recovery while nothing changes", f"{used / WATCHED_SECONDS:.2%} of a core")
    client: Any = place.broker.client
    megabytes = client.info("memory")["used_memory"] / 2**20
    findings.say("Redis", f"{client.llen(NEW_JOBS)} messages, {megabytes:.1f} MB")


def recovery() -> list[str]:
    """Return the command of the process beside each worker."""
    return [sys.executable, "-m", "runner.queue.recovery", str(os.getpid())]


def wait_for_idle(process: psutil.Process) -> None:
    """Wait until a process has imported what it needs, and hardly works any more."""
    before, used = 0.0, 1.0
    while before < 0.5 or used > 0.2:
        time.sleep(2)
        now = sum(process.cpu_times()[:2])
        before, used = now, now - before


def all_taken(place: Place, jobs: int, findings: Findings) -> None:
    """Let two processes take all jobs, with a recovery beside them, and count the messages."""
    began = time.perf_counter()
    left = FORK.Value("i", jobs)
    takers = [FORK.Process(target=take_all, args=(place, number, left)) for number in range(2)]
    client: Any = place.broker.client
    longest = 0
    with subprocess.Popen(recovery(), env=place.environment) as process:
        for taker in takers:
            taker.start()
        while any(taker.is_alive() for taker in takers):
            longest = max(longest, client.llen(NEW_JOBS))
            time.sleep(0.1)
        end(process)
    seconds = time.perf_counter() - began
    sent = client.info("commandstats")["cmdstat_lpush"]["calls"]
    findings.say("messages sent", f"{sent:,} for {jobs:,} jobs, at most {longest} at once")
    findings.say("claim and end of a job", f"{1000 * seconds / jobs:.2f} ms")


def take_all(place: Place, number: int, left: Any) -> None:
    """Claim and end jobs until none is left."""
    store = Store(place.url)
    name = f"taker {number}"
    worker_seen(store, WorkerProcess(name, "elsewhere", os.getpid(), "now", "cpu"))
    client: Any = redis.Redis.from_url(place.broker.url, socket_timeout=60)
    while left.value > 0:
        found = client.brpop([BEGUN_JOBS, NEW_JOBS], timeout=1)
        envelope = None if found is None else open_entry(found[1])
        claimed = None if envelope is None else claim(store, envelope.job_id, name)
        if claimed is not None:
            finish(store, claimed.key, AttemptState.FAILED, reason="taken by a benchmark")
            with left.get_lock():
                left.value -= 1


def embedded(place: Place, findings: Findings) -> None:
    """Measure `runner up` and `cancel` with as many pending jobs, and a private broker."""
    environment = place.environment | {"RUNNER_BROKER_URL": ""}
    command(environment, "retry", "1")
    try:
        findings.say("`runner up`", command(environment, "up"))
        findings.say("`runner cancel 1`", command(environment, "cancel", "1"))
    finally:
        command(environment, "down")


def command(environment: dict[str, str], *words: str) -> Cost:
    """Run a command as a person does."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"runner {' '.join(words)} failed"
    busy = usage.ru_utime + usage.ru_stime
    return Cost(time.perf_counter() - began, busy, usage.ru_maxrss // 1024)


if __name__ == "__main__":
    measure(sys.argv[1:])
