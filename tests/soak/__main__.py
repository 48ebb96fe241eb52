"""Train hundreds of tiny trials while something breaks every two seconds: `make soak`.

Afterwards the same trials are trained with nothing broken, and the results of both must be the same
bytes. What is checked, and what reads it, is in checker.py.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.command_line import TINY
from tests.postgresql_server import PostgresqlServer
from tests.soak import checker
from tests.soak.cluster import Cluster
from tests.soak.mishaps import mishaps_of

WORKERS = 4
EVERY_SECONDS = 2.0
TRIALS = 200
EPOCHS = 3
END_SECONDS = 3600

# Networks that differ in what is compiled would take seconds each to start.
GRID = {"lr": [n / 10_000 for n in range(1, TRIALS + 1)]}


def submit(cluster: Cluster, seed: int) -> None:
    """Submit one batch of trials; with the same seed, the same ones."""
    grid = cluster.directory / "grid.json"
    grid.write_text(json.dumps(GRID))
    options = ["--grid", str(grid), "--downsample", "1", "--epochs", str(EPOCHS)]
    cluster.runner("submit", "tune", *TINY, *options, "--seed", str(seed), "--key", f"batch {seed}")


def unfinished(query: checker.Query) -> int:
    """Return how many jobs have not ended."""
    ((count,),) = query("SELECT count(*) FROM jobs WHERE state IN ('pending', 'running')")
    return int(count)


def retry_the_unlucky(cluster: Cluster, query: checker.Query) -> int:
    """Retry, as a person would, the jobs that mishaps hit three times in a row; return how many."""
    lost = query("SELECT id FROM jobs WHERE state = 'failed' AND reason LIKE 'lost 3 times%'")
    for (job,) in lost:
        cluster.runner("retry", "--job", str(job))
    return len(lost)


def soak(cluster: Cluster, minutes: float, database: str) -> int:
    """Break things while trials are trained; return how many batches there were."""
    query = checker.queries_of(cluster.url)
    done: Counter[str] = Counter()
    batches, retried = 1, 0
    submit(cluster, batches)
    # Until TensorFlow is imported everywhere there is little to break.
    while not query("SELECT 1 FROM trials"):
        time.sleep(1)
    began = time.monotonic()
    while time.monotonic() - began < 60 * minutes:
        mishap = random.choice(mishaps_of(database))
        mishap(cluster)
        done[mishap.__name__] += 1
        retried += retry_the_unlucky(cluster, query)
        if unfinished(query) < WORKERS * 5:
            batches += 1
            submit(cluster, batches)
        time.sleep(max(0, began + EVERY_SECONDS * sum(done.values()) - time.monotonic()))
    cluster.settle()
    wait_for_all(cluster)
    print(f"{batches * TRIALS} trials, {sum(done.values())} mishaps in {minutes:g} minutes:")
    for name, count in done.most_common():
        print(f"  {count:4d} {name.replace('_', ' ')}")
    ended = "SELECT state, count(*) FROM attempts GROUP BY state ORDER BY state"
    for state, count in query(ended):
        print(f"  {count:4d} attempts {state}")
    print(f"  {retried:4d} jobs retried by hand after three losses in a row")
    return batches


def wait_for_all(cluster: Cluster) -> None:
    """Wait until every job has ended."""
    query = checker.queries_of(cluster.url)
    deadline = time.monotonic() + END_SECONDS
    while unfinished(query) or retry_the_unlucky(cluster, query):
        if time.monotonic() > deadline:
            sys.exit(f"not within {END_SECONDS} s: {unfinished(query)} jobs have not ended")
        time.sleep(1)


@contextmanager
def cluster_in(directory: Path, database: str) -> Iterator[Cluster]:
    """Make a cluster on a new database and end it afterwards."""
    server = PostgresqlServer() if database == "postgresql" else None
    url = server.url() if server else f"sqlite:///{directory / 'runner.db'}"
    cluster = Cluster(directory, url, server)
    try:
        cluster.start(WORKERS)
        yield cluster
    finally:
        cluster.close()
        if server is not None:
            server.close()


def main() -> None:
    """Soak, check, and compare with a run in which nothing was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=None, help="of the choice of mishaps")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(2**32)
    # A shell's background job starts with SIGINT ignored, and so would the workers that it drains.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(f"soak of {options.minutes:g} minutes on {options.database}, --seed {seed}", flush=True)
    random.seed(seed)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        with cluster_in(Path(name) / "broken", options.database) as cluster:
            batches = soak(cluster, options.minutes, options.database)
            query = checker.queries_of(cluster.url)
            wrong = checker.faults_found(query, cluster.journal)
            broken = checker.results(query)
        with cluster_in(Path(name) / "whole", options.database) as cluster:
            for seed in range(1, batches + 1):
                submit(cluster, seed)
            wait_for_all(cluster)
            whole = checker.results(checker.queries_of(cluster.url))
    for sentence in wrong:
        print(f"  wrong: {sentence}")
    same = "equal" if broken == whole else "DIFFERENT"
    print(f"results: {len(broken):,} bytes, {same} to those of a run in which nothing broke")
    sys.exit(0 if broken == whole and not wrong else 1)


if __name__ == "__main__":
    main()
