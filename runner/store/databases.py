"""What is particular to SQLite and to PostgreSQL: how to connect, and what their errors mean."""

import json
import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from runner.errors import UnavailableError
from runner.store.url import name_of

# One writer at a time, served in no order: under load some wait for seconds. Half a minute of a
# lock that someone else holds is waited for; a lease, which is longer, is not lost by it.
LOCK_SECONDS = 45

# Python would write NaN, which is not JSON, and only PostgreSQL would notice.
STRICT_JSON = partial(json.dumps, allow_nan=False)

# SQLite's word for it, and what a person can do; other errors are ours.
SQLITE_TROUBLES = {
    "SQLITE_BUSY": "end the process that holds it; `fuser` names it",
    "SQLITE_CANTOPEN": "correct RUNNER_DATABASE_URL or RUNNER_HOME, or the directory's permissions",
    "SQLITE_CORRUPT": "restore the file from a copy",
    "SQLITE_FULL": "free some space on the disk",
    "SQLITE_IOERR": "look at the disk and its free space",
    "SQLITE_NOTADB": "correct RUNNER_DATABASE_URL: the file is not a SQLite database",
    "SQLITE_PERM": "correct the permissions of the file and its directory",
    "SQLITE_READONLY": "correct the permissions of the file and its directory",
}


# SQLAlchemy's, and SQLite's own where SQLAlchemy is gone round.
FAULTS = (DBAPIError, sqlite3.Error)


class StoreUnavailable(UnavailableError):  # noqa: N818 (its parent is an error by name)
    """Report a database that cannot be reached or does not work now; trying again may succeed."""


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Tell whether a SQLite has no race of several writers that corrupts a write-ahead log.

    It came with 3.7.0 and was mended in 3.51.3, and in 3.50.7 and 3.44.6 for those lines.
    """
    mended = {(3, 50): 7, (3, 44): 6}
    return version >= (3, 51, 3) or version[2] >= mended.get(version[:2], version[2] + 1)


def make_engine(url: URL) -> Engine:
    """Return an engine for a checked URL; the directory of a SQLite file is made."""
    if url.drivername != "sqlite":
        return create_engine(
            url,
            pool_pre_ping=True,
            connect_args=_postgresql_arguments(),
            json_serializer=STRICT_JSON,
        )
    try:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"the directory of the {name_of(url)} cannot be made: {error.strerror}",
            "a directory that can be written to",
            SQLITE_TROUBLES["SQLITE_CANTOPEN"],
        ) from error
    engine = create_engine(
        url,
        # An open file must not cross a fork, and to open it again costs 0.1 ms.
        poolclass=NullPool,
        # No transaction is begun behind our back: see _begin.
        connect_args={"timeout": LOCK_SECONDS, "isolation_level": None},
        json_serializer=STRICT_JSON,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql_arguments() -> dict[str, Any]:
    return {
        "application_name": "runner",
        "connect_timeout": 10,
        # A server that vanished without a word is noticed within about half a minute.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "options": f"-c timezone=UTC -c lock_timeout={LOCK_SECONDS}s "
        "-c idle_in_transaction_session_timeout=60s",
    }


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 (SQLAlchemy's form)
    connection.execute("PRAGMA foreign_keys = ON")
    # What was said to be stored stays stored when the power fails.
    connection.execute("PRAGMA synchronous = FULL")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal" or not wal_is_safe(sqlite3.sqlite_version_info):
        # Faster than the default, which makes and deletes a file for every transaction.
        connection.execute("PRAGMA journal_mode = PERSIST")


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and then writes would fail as locked and could not wait.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def use_wal(engine: Engine) -> None:
    """Keep readers and the writer out of each other's way, where SQLite does so safely."""
    if engine.dialect.name != "sqlite" or not wal_is_safe(sqlite3.sqlite_version_info):
        return
    deadline = time.monotonic() + LOCK_SECONDS
    with closing(engine.raw_connection()) as connection:
        while True:
            try:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # Other processes that open a new file at once; SQLite does not wait for them here.
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return


def trouble(url: URL, error: DBAPIError | sqlite3.Error) -> StoreUnavailable | None:
    """Say what is wrong with the database; None if the fault is in a statement of ours."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    what = f"the {name_of(url)} cannot be used: {' '.join(str(cause).split())}"
    if url.drivername != "sqlite":
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        return StoreUnavailable(
            what,
            "a PostgreSQL server that answers and lets this user in",
            "start it, or correct RUNNER_DATABASE_URL",
        )
    name = getattr(cause, "sqlite_errorname", "")
    for prefix, fix in SQLITE_TROUBLES.items():
        if name.startswith(prefix):
            return StoreUnavailable(what, "a file that can be read and written", fix)
    return None
