"""How long `runner sql` takes for questions about 1,000,000 epochs of 100,000 trials.

python -m benchmarks.sql [sqlite|postgresql]
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.leaderboard import fill, make_database

REPETITIONS = 3

QUESTIONS = (
    ("the time to start", "SELECT 1"),
    ("by epoch", "SELECT epoch, avg(val_accuracy) FROM v_epochs GROUP BY epoch"),
    ("by trial", "SELECT trial, max(val_accuracy) FROM v_epochs GROUP BY trial"),
    (
        "by optimizer and epoch",
        "SELECT optimizer, epoch, avg(val_accuracy) FROM v_epochs GROUP BY optimizer, epoch",
    ),
    ("trials by optimizer", "SELECT optimizer, avg(val_accuracy) FROM v_trials GROUP BY optimizer"),
    ("every epoch", "SELECT trial, epoch, val_accuracy, loss FROM v_epochs"),
)


def main(databases: list[str]) -> None:
    for database in databases or ["sqlite", "postgresql"]:
        with ExitStack() as stack:
            url = make_database(stack, database)
            fill(url)
            for title, statement in QUESTIONS:
                print(f"{database}: {title}: {measured(url, statement)}", flush=True)


def measured(url: str, statement: str) -> str:
    """Return the median times of the command as a person runs it, and its largest memory."""
    seconds, busy, memory = [], [], 0
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"RUNNER_DATABASE_URL": url, "RUNNER_HOME": home}
        command = [sys.executable, "-m", "runner", "sql", statement, "--format", "csv"]
        for _ in range(REPETITIONS):
            began = time.perf_counter()
            with (Path(home) / "answer.csv").open("wb") as out:
                process = subprocess.Popen(command, env=environment, stdout=out)
            _, status, usage = os.wait4(process.pid, 0)
            assert status == 0
            seconds.append(time.perf_counter() - began)
            busy.append(usage.ru_utime + usage.ru_stime)
            memory = max(memory, usage.ru_maxrss // 1024)
    took, worked = statistics.median(seconds), statistics.median(busy)
    return f"{took:.2f} s, {worked:.2f} s of CPU time, {memory} MB"


if __name__ == "__main__":
    main(sys.argv[1:])
