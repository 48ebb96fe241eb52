"""What this project adds to a trial: one epoch, a checkpoint and a model of 1 kB, no training.

python -m benchmarks booking [--trials 1000] [--databases sqlite postgresql] [--alone]

A trial goes through all that a real one does: the command line, Redis, a worker's two processes and
the store. Optuna's own trials are stored in a database of the same kind, by two processes.
`python -m benchmarks.booking` prints the same and writes nothing into the docs.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import psutil
from sqlalchemy import select

from benchmarks.record import Measured
from runner.store.engine import Store, upgrade
from runner.store.schema import Attempt
from tests.postgresql_server import PostgresqlServer

TRAINER = Path(__file__).with_name("noop_trainer.py")
SLOTS = 2
# As of a server that keeps what it has committed.
DURABLE = ("listen_addresses=",)


def measure(arguments: Sequence[str]) -> Measured:
    """Measure both tools on each database, by turns."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks booking", description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    databases = ("sqlite", "postgresql")
    parser.add_argument("--databases", nargs="*", choices=databases, default=databases)
    parser.add_argument(
        "--alone", action="store_true", help="without Optuna, which takes hours for 100,000 trials"
    )
    given = parser.parse_args(arguments)
    rows = [in_turn(database, given) for database in given.databases]
    rounds = "one round" if given.rounds == 1 else f"medians of {given.rounds} rounds in turn"
    return Measured(
        title="A trial without training",
        columns=(
            "database",
            "ms a trial",
            "CPU ms a trial",
            "claim to end, median ms",
            "claim to end, 95th percentile ms",
            "Optuna, ms a trial",
            "Optuna's times this project's",
        ),
        rows=rows,
        note=(
            f"{given.trials:,} trials of one epoch, with a model of 1 kB and a checkpoint, which a"
            f" trial that ends within 0.1 s does not store, by {SLOTS} processes: the time from the"
            f" first claim to the last end, divided by the trials; {rounds}. Both databases write"
            " each transaction to the disk. CPU time is that of the workers, the recovery, the"
            " broker and the supervisor. Optuna stores one param and one value of each trial, and"
            " neither checkpoint nor model."
        ),
    )


def in_turn(database: str, given: argparse.Namespace) -> list[str]:
    """Measure both tools on a database, round by round, and return the row of the medians."""
    found = []
    for number in range(given.rounds):
        other = math.nan if given.alone else optunas(database, given.trials)
        found.append((ours(database, given.trials), other))
        own, cpu, middle, high = found[-1][0]
        print(
            f"{database}, round {number + 1}: {own:.1f} ms, {cpu:.1f} ms of the processor"
            f" (attempts: median {middle:.1f} ms, 95 % within {high:.1f} ms),"
            f" Optuna {'-' if given.alone else f'{other:.1f} ms'}",
            flush=True,
        )
    own, cpu, middle, high = np.median([of_this for of_this, _ in found], axis=0)
    other = float(np.median([of_optuna for _, of_optuna in found]))
    peer = ["-", "-"] if given.alone else [f"{other:.1f}", f"{other / own:.2f}"]
    return [database, *(f"{ms:.1f}" for ms in (own, cpu, middle, high)), *peer]


def ours(database: str, trials: int) -> tuple[float, float, float, float]:
    """Return the milliseconds of a trial and those of the processor, and of its attempt.

    Those of the attempt are the median and the 95th percentile.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = database_url(stack, database, home)
        upgrade(url)
        grid = home / "grid.json"
        grid.write_text(json.dumps({"x": list(range(trials))}))
        own = {"RUNNER_HOME": str(home), "RUNNER_DATABASE_URL": url, "RUNNER_SLOTS": str(SLOTS)}
        environment = os.environ | own
        stack.callback(run, ["down"], environment)
        run(["up"], environment)
        before = cpu_seconds(home)
        words = ["--trainer", f"{TRAINER}:train", "--grid", str(grid), "--downsample", "1"]
        run(["submit", "tune", *words, "--wait", "--format", "json"], environment)
        after = cpu_seconds(home)
        used = sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
        whole, middle, high = read_times(url, trials)
        return whole, 1000 * used / trials, middle, high


def cpu_seconds(home: Path) -> dict[int, float]:
    """Return the processor's seconds of each process that runs for this home."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("RUNNER_HOME") == str(home):
                found[process.pid] = sum(process.cpu_times()[:2])
    return found


def read_times(url: str, trials: int) -> tuple[float, float, float]:
    """Read when the attempts began and ended."""
    store = Store(url)
    with store.read() as connection:
        attempts = connection.execute(select(Attempt.started_at, Attempt.ended_at)).all()
    store.close()
    assert len(attempts) == trials, f"{len(attempts)} attempts at {trials} trials"
    ended = [attempt.ended_at for attempt in attempts if attempt.ended_at is not None]
    whole = (max(ended) - min(attempt.started_at for attempt in attempts)).total_seconds()
    each = [(end - start).total_seconds() for start, end in attempts if end is not None]
    middle, high = np.percentile(each, [50, 95])
    return 1000 * whole / trials, 1000 * float(middle), 1000 * float(high)


def optunas(database: str, trials: int) -> float:
    """Return the milliseconds of a trial of Optuna."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = database_url(stack, database, home).replace("postgresql:", "postgresql+psycopg:")
        command = [sys.executable, "-m", "benchmarks.peers.optuna_booking", url]
        done = subprocess.run(
            [*command, str(trials), str(SLOTS)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"Optuna failed:\n{done.stderr}")
        return float(done.stdout.splitlines()[-1])


def database_url(stack: ExitStack, database: str, home: Path) -> str:
    """Return the URL of a new database; both kinds write each transaction to the disk."""
    if database == "sqlite":
        return f"sqlite:///{home}/runner.db"
    server = PostgresqlServer(DURABLE)
    stack.callback(server.close)
    return stack.enter_context(server.database())


def run(words: Sequence[str], environment: dict[str, str]) -> None:
    """Run a command as a person does."""
    command = [sys.executable, "-m", "runner", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"runner {' '.join(words)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    print(measure(sys.argv[1:]).as_markdown())
