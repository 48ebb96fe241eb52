"""A broker, a database and some workers, on which a soak runs."""

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from runner.failpoints import VARIABLE as FAILPOINT
from runner.store.sqlite import sqlite3
from tests.acceptance.command_line import Runner
from tests.broker_server import Broker
from tests.postgresql_server import PostgresqlServer
from workers.audit_log import VARIABLE as JOURNAL

SETTINGS = {
    "RUNNER_LEASE_SECONDS": "6",
    "RUNNER_HEARTBEAT_SECONDS": "1",
    "RUNNER_SWEEP_SECONDS": "1",
}
END_SECONDS = 60


@dataclass(slots=True)
class Member:
    """One worker: its number and its main process."""

    number: int
    process: "subprocess.Popen[bytes]"


class Cluster:
    """Workers in directories of their own, which share a broker and a database."""

    def __init__(self, directory: Path, url: str, server: PostgresqlServer | None) -> None:
        directory.mkdir()
        self.directory = directory
        self.url = url
        self.server = server
        self.journal = directory / "journal"
        self.broker = Broker(directory)
        shared = {"RUNNER_DATABASE_URL": url, "RUNNER_BROKER_URL": self.broker.url}
        self.runner = Runner(directory, **shared, **SETTINGS, **{JOURNAL: str(self.journal)})
        self.runner("db", "upgrade")
        self._members: list[Member] = []
        self._timers: list[threading.Timer] = []

    def start(self, workers: int) -> None:
        """Start so many workers."""
        self._members = [Member(number, self._start(number, None)) for number in range(workers)]

    def _start(self, number: int, place: str | None) -> "subprocess.Popen[bytes]":
        home = self.directory / f"worker-{number}"
        home.mkdir(exist_ok=True)
        runner = Runner(home, **self.runner.environment)
        if place is not None:
            marks = home / f"marks-{time.monotonic_ns()}"
            marks.mkdir()
            runner.environment[FAILPOINT] = f"{place}:{marks}"
        return runner.start("worker")

    def any_member(self) -> Member:
        """Return one of the workers."""
        return random.choice(self._members)

    def replace(self, member: Member, place: str | None = None) -> None:
        """Wait for a worker's end and start it again."""
        member.process.wait(END_SECONDS)
        member.process = self._start(member.number, place)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call a function after some seconds."""
        timer = threading.Timer(seconds, call)
        self._timers.append(timer)
        timer.start()

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """Hold the lock of a SQLite file against all who write."""
        path = self.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=END_SECONDS, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let the database be read and not written to."""
        if self.server is None:
            # Root may write to a file whatever its mode, but not to one with this attribute.
            path = self.url.removeprefix("sqlite:///")
            if subprocess.run(["chattr", "+i", path], check=False).returncode:
                print("  chattr does not work here (it needs root): the file stays writable")
            yield
            subprocess.run(["chattr", "-i", path], check=False)
            return
        with psycopg.connect(self.url, autocommit=True) as connection:
            # This connection keeps the setting that it began with; all others begin anew.
            connection.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'runner'"
            )
            yield
            connection.execute("ALTER DATABASE postgres RESET default_transaction_read_only")

    def settle(self) -> None:
        """Wait for what was to happen later."""
        for timer in self._timers:
            timer.join()

    def close(self) -> None:
        """End all workers and the broker."""
        self.settle()
        for member in self._members:
            member.process.terminate()
        for member in self._members:
            member.process.wait(END_SECONDS)
        self.broker.close()
