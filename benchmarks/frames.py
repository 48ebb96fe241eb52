"""How long `runner.open().trials()` takes for 10,000 trials, and `.epochs()` for their 100,000.

python -m benchmarks.frames [sqlite|postgresql]
"""

import statistics
import sys
import time
from contextlib import ExitStack

import runner
from benchmarks.leaderboard import make_database
from runner.store.engine import open_store, upgrade
from tests.runner.store.many import make_many

TRIALS, EPOCHS, REPETITIONS = 10_000, 10, 5


def main(databases: list[str]) -> None:
    for database in databases or ["sqlite", "postgresql"]:
        with ExitStack() as stack:
            url = make_database(stack, database)
            upgrade(url)
            store = open_store(url)
            make_many(store, TRIALS, EPOCHS)
            store.close()
            for what in ("trials", "epochs"):
                print(f"{database}: {what}: {measured(url, what)}", flush=True)


def measured(url: str, what: str) -> str:
    """Return the time of the first call, which imports pandas, and the median of the others."""
    client = runner.open(url)
    seconds, busy = [], []
    for _ in range(REPETITIONS + 1):
        began, worked = time.perf_counter(), time.process_time()
        getattr(client, what)()
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
    return (
        f"{statistics.median(seconds[1:]):.2f} s, {statistics.median(busy[1:]):.2f} s of CPU time"
        f" (the first call {seconds[0]:.2f} s, {busy[0]:.2f} s)"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
