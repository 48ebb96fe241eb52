"""What a million epochs cost the commands and pages that show few of them.

python -m benchmarks epochs [--trials 10000] [--epochs 10,100] [--databases sqlite,postgresql]

The last job of the experiment runs, as when `runner watch` or the live page follows one.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import delete, update

from benchmarks.leaderboard import make_database
from benchmarks.record import Measured
from benchmarks.scale import command
from runner.cli.live.scene import Source
from runner.settings import Settings
from runner.states import AttemptState, JobState
from runner.store.engine import Store, upgrade
from runner.store.schema import Attempt, Epoch, Job, Trial
from runner.ui.overview import Overviews
from runner.ui.trials import curves_document, trials_document
from tests.runner.store.many import make_many

ROUNDS = 5
COMMANDS = (["status"], ["status", "1"], ["report", "1", "--top", "20"], ["show", "5"])


def measure(arguments: Sequence[str]) -> Measured:
    """Measure an experiment with each number of epochs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--epochs", default="10,100")
    parser.add_argument("--databases", default="sqlite,postgresql")
    given = parser.parse_args(arguments)
    numbers = [int(number) for number in given.epochs.split(",")]
    places = [(database, n) for database in given.databases.split(",") for n in numbers]
    found = [costs(database, given.trials, epochs) for database, epochs in places]
    return Measured(
        title=f"{given.trials:,} trials of {' or '.join(map(str, numbers))} epochs",
        columns=[
            "what",
            *(f"{database}, {given.trials * epochs:,} epochs" for database, epochs in places),
        ],
        rows=[[what, *(each[what] for each in found)] for what in found[0]],
        note=f"Wall time and, in brackets, CPU time of the client in seconds, medians of {ROUNDS}."
        " Commands are measured with their start; the others are what one look of `runner watch`"
        " and the first answers of the live page take in a process that runs. The last row shows"
        " every epoch.",
    )


def costs(database: str, trials: int, epochs: int) -> dict[str, str]:
    """Return what each command and each look takes."""
    with ExitStack() as stack:
        url = make_database(stack, database)
        home = stack.enter_context(TemporaryDirectory())
        variables = {"RUNNER_HOME": home, "RUNNER_DATABASE_URL": url, "RUNNER_BROKER_URL": ""}
        upgrade(url)
        store = Store(url)
        stack.callback(store.close)
        make_many(store, trials, epochs)
        run_again(store, trials)
        settings = Settings.from_environment(variables)
        looks: dict[str, Callable[[], Any]] = {
            "a look of `runner watch 1`": Source(settings, store, 1).read,
            "live page, all experiments": lambda: Overviews(settings).build(store),
            "live page, one experiment": lambda: trials_document(store, 1),
            "live page, all learning curves": lambda: curves_document(store, 1, "val_accuracy"),
        }
        found = {}
        for words in COMMANDS:
            taken = [command(os.environ | variables, *words) for _ in range(ROUNDS)]
            found[f"`runner {' '.join(words)}`"] = said(
                [cost.seconds for cost in taken], [cost.busy for cost in taken]
            )
        for what, look in looks.items():
            found[what] = said(*zip(*(timed(look) for _ in range(ROUNDS)), strict=True))
        return found


def run_again(store: Store, job: int) -> None:
    """Let a job run that has ended, after its third epoch."""
    running = {"state": JobState.RUNNING, "ended_at": None}
    with store.write() as connection:
        connection.execute(delete(Trial).where(Trial.job_id == job))
        connection.execute(delete(Epoch).where(Epoch.job_id == job, Epoch.epoch > 3))
        connection.execute(update(Job).where(Job.id == job).values(running))
        of_job = update(Attempt).where(Attempt.job_id == job)
        connection.execute(of_job.values(state=AttemptState.RUNNING, ended_at=None))


def timed(look: Callable[[], Any]) -> tuple[float, float]:
    """Return the seconds and the CPU seconds that a call takes."""
    began, busy = time.perf_counter(), time.process_time()
    look()
    return time.perf_counter() - began, time.process_time() - busy


def said(seconds: Sequence[float], busy: Sequence[float]) -> str:
    """Return the medians as a cell of the table."""
    return f"{statistics.median(seconds):.2f} ({statistics.median(busy):.2f})"
