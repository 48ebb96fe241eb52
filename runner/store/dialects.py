"""What is particular to SQLite and to PostgreSQL: how to connect, and what their errors mean."""

import json
import re
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, NullPool, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from runner.encryption import fix_for
from runner.errors import UnavailableError
from runner.store.sqlite import address, sqlite3
from runner.store.url import name_of

# One writer at a time, served in no order: under load some wait for seconds. Half a minute of a
# lock that someone else holds is waited for; a lease, which is longer, is not lost by it.
LOCK_SECONDS = 45
# How often a writer retries after a millisecond, before it waits as SQLite does.
SHORT_RETRIES = 50

# Python would write NaN, which is not JSON, and only PostgreSQL would notice.
STRICT_JSON = partial(json.dumps, allow_nan=False)

# The errors that are an outage: a state of the database that may change without a change of this
# software, so trying again may succeed. Each with what a person can do. All others (a constraint
# that is violated, a statement that is wrong, a value that does not fit) come back however often
# one tries, and fail the job whose they are.

SCHEMA = "run `runner doctor`, which lists what is missing, and restore the database from a backup"
PERMISSIONS = "correct the permissions of the file and its directory"

# By the beginning of SQLite's name of the error.
SQLITE_OUTAGES = {
    "SQLITE_BUSY": "stop the process that locks it; `fuser` lists it",
    "SQLITE_CANTOPEN": "correct RUNNER_DATABASE_URL or RUNNER_HOME, or the directory's permissions",
    "SQLITE_CORRUPT": "restore the file from a backup",
    "SQLITE_FULL": "free some space on the disk",
    "SQLITE_INTERRUPT": "try again",
    "SQLITE_IOERR": "check the disk and its free space",
    "SQLITE_LOCKED": "stop the process that locks it; `fuser` lists it",
    "SQLITE_NOMEM": "free some memory",
    "SQLITE_NOTADB": "correct RUNNER_DATABASE_URL: the file is not a SQLite database",
    "SQLITE_PERM": PERMISSIONS,
    "SQLITE_PROTOCOL": "stop the processes that use the file; `fuser` lists them",
    "SQLITE_READONLY": PERMISSIONS,
    "SQLITE_SCHEMA": "try again",
}
# SQLite has no name of its own for what is missing.
SQLITE_MISSING = re.compile(r"no such (table|column)|table \w+ has no column|ON CONFLICT clause")

# By the beginning of the SQLSTATE; a connection that failed mostly has none.
NO_CONNECTION = "start it, or correct RUNNER_DATABASE_URL"
POSTGRESQL_OUTAGES = {
    "08": NO_CONNECTION,
    "25006": "use the primary server, or set default_transaction_read_only to off: it is read-only",
    "25P03": "try again",  # idle in a transaction, as after a suspend
    "26": "try again",  # a prepared statement that the server has forgotten
    "28": "correct the user or the password in RUNNER_DATABASE_URL",
    "3D": "create the database, or correct RUNNER_DATABASE_URL",
    "3F": SCHEMA,
    "40": "try again",  # serialization, deadlock
    "42501": "grant the missing privileges, or connect as the owner of the database",
    "42P01": SCHEMA,  # undefined table
    "42P10": SCHEMA,  # a unique constraint that is missing
    "42703": SCHEMA,  # undefined column
    "53": "free some disk space, memory or connections on its host",
    "55": "stop the session that locks it; the view pg_stat_activity lists it",
    "57": "start it, or check its log: it cancelled the statement or closed the connection",
    "58": "check the server's log and its disk",
    "F0": "check the server's log",
    "XX": "check the server's log; if the database is damaged, restore it from a backup",
}

# SQLAlchemy's (the second: no connection was free), and SQLite's own where it is gone round.
FAULTS = (DBAPIError, PoolTimeoutError, sqlite3.Error)
Fault = DBAPIError | PoolTimeoutError | sqlite3.Error


class StoreUnavailable(UnavailableError):  # noqa: N818 (its parent is an error by name)
    """Report a database that cannot be reached or does not work now; trying again may succeed."""


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Tell whether a SQLite has no race of several writers that corrupts a write-ahead log.

    It came with 3.7.0 and was mended in 3.51.3, and in 3.50.7 and 3.44.6 for those lines.
    """
    mended = {(3, 50): 7, (3, 44): 6}
    return version >= (3, 51, 3) or version[2] >= mended.get(version[:2], version[2] + 1)


class _File(sqlite3.Connection):
    """A connection that knows which file it opened."""

    opened: tuple[int, int] | None = None
    has_log = False


def make_engine(url: URL, *, keeps: bool = False) -> Engine:
    """Return an engine for a checked URL; it makes no SQLite file.

    One that `keeps` a SQLite file open between transactions must not be carried over a fork. To
    open it takes 2 ms, in which SQLite reads the whole schema.
    """
    if url.drivername != "sqlite":
        engine = create_engine(
            url,
            pool_pre_ping=True,
            connect_args=_postgresql_arguments(),
            json_serializer=STRICT_JSON,
        )
        event.listen(engine, "checkout", _as_the_server_says)
        return engine
    path = Path(str(url.database))
    engine = create_engine(
        url,
        module=sqlite3,
        creator=partial(_connect_sqlite, path),
        # An open file must not cross a fork.
        poolclass=QueuePool if keeps else NullPool,
        json_serializer=STRICT_JSON,
        json_deserializer=partial(_read_json, name_of(url)),
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    if keeps:
        event.listen(engine, "checkout", partial(_refuse_replaced, path))
    return engine


def make_file(url: URL) -> None:
    """Make an empty SQLite file and its directory, unless they are there."""
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o644)
    except OSError as error:
        raise StoreUnavailable(
            f"the {name_of(url)} cannot be created: {error.strerror}",
            "a writable directory",
            SQLITE_OUTAGES["SQLITE_CANTOPEN"],
        ) from error


def _connect_sqlite(path: Path) -> sqlite3.Connection:
    # A file that is gone is missing; an empty one in its place would look like lost results.
    opened = _identity(path)
    connection = sqlite3.connect(
        address(path, "rw"),
        uri=True,
        factory=_File,
        timeout=LOCK_SECONDS,
        # No transaction is begun behind our back: see _begin.
        isolation_level=None,
        # A connection belongs to a transaction, and that to whoever began it.
        check_same_thread=False,
    )
    connection.opened = opened
    return connection


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that takes its place; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _refuse_replaced(path: Path, connection: _File, *_: object) -> None:
    """Have a connection opened anew whose file is no longer the one of this path."""
    if connection.opened is None or connection.opened != _identity(path):
        raise DisconnectionError(f"{path} was replaced")


def _postgresql_arguments() -> dict[str, Any]:
    return {
        "application_name": "runner",
        # A database that was made without a locale would answer in bytes.
        "client_encoding": "utf8",
        "connect_timeout": 10,
        # A server that vanished without a word is noticed within about half a minute.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "options": f"-c timezone=UTC -c lock_timeout={LOCK_SECONDS}s "
        "-c idle_in_transaction_session_timeout=60s",
    }


def _as_the_server_says(connection: Any, *_: object) -> None:
    # After a read SQLAlchemy would begin every transaction as READ WRITE, which goes past a default
    # of the server's and which a standby refuses.
    connection.read_only = None


def _prepare_sqlite(connection: _File, record: object) -> None:  # noqa: ARG001 (SQLAlchemy's form)
    connection.execute("PRAGMA foreign_keys = ON")
    # What was said to be stored stays stored when the power fails.
    connection.execute("PRAGMA synchronous = FULL")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.has_log = mode == "wal" and wal_is_safe(sqlite3.sqlite_version_info)
    if not connection.has_log:
        # Faster than the default, which makes and deletes a file for every transaction.
        connection.execute("PRAGMA journal_mode = PERSIST")


def _read_json(name: str, words: str) -> Any:
    try:
        return json.loads(words)
    except ValueError as error:
        raise StoreUnavailable(
            f"the {name} is damaged: {error}",
            "valid JSON in a JSON column",
            SQLITE_OUTAGES["SQLITE_CORRUPT"],
        ) from error


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    writes = options.get("writes")
    if writes and connection.connection.dbapi_connection.has_log:
        # Only with a log is the file whole whatever part of it was written when the power failed.
        level = "FULL" if options.get("durable") else "NORMAL"
        connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
        _wait_for_writer(connection.connection.dbapi_connection)
    # A transaction that reads first and then writes would fail as locked and could not wait.
    elif writes:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


def _wait_for_writer(connection: sqlite3.Connection) -> None:
    """Begin to write as soon as the writer before has ended.

    SQLite itself retries after 1, 2, 5, 10, 15, 20 and 25 ms, longer than most transactions.
    """
    connection.execute("PRAGMA busy_timeout = 1")
    try:
        for _ in range(SHORT_RETRIES):
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                    raise
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(1000 * LOCK_SECONDS)}")
    connection.execute("BEGIN IMMEDIATE")


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


def compact_file(engine: Engine) -> None:
    """Write a SQLite file anew without its free pages, or leave it as it is."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        (mode,) = cursor.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            # The journal of this transaction is as large as the file, and should not stay so.
            cursor.execute("PRAGMA journal_mode = TRUNCATE")
        cursor.execute("VACUUM")
        if mode == "wal":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def trouble(url: URL, error: Fault) -> StoreUnavailable | None:
    """Say what is wrong with the database; None if the fault is in a statement of ours."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if url.drivername == "sqlite":
        expected, fix = "a file that this user can read and write", _sqlite_fix(cause)
    else:
        expected = "a reachable PostgreSQL server that accepts this user"
        fix = _postgresql_fix(error, cause)
    if fix is None:
        return None
    what = f"the {name_of(url)} cannot be used: {' '.join(str(cause).split())}"
    return StoreUnavailable(what, expected, fix)


def _sqlite_fix(cause: BaseException | None) -> str | None:
    name = getattr(cause, "sqlite_errorname", "")
    if name == "SQLITE_ERROR" and SQLITE_MISSING.search(str(cause)):
        return SCHEMA
    return next((fix for prefix, fix in SQLITE_OUTAGES.items() if name.startswith(prefix)), None)


def _postgresql_fix(error: Fault, cause: BaseException | None) -> str | None:
    state = getattr(cause, "sqlstate", None)
    if state is None:
        failed = isinstance(error, OperationalError | InterfaceError | PoolTimeoutError)
        return (fix_for(str(cause)) or NO_CONNECTION) if failed else None
    outages = POSTGRESQL_OUTAGES.items()
    return next((fix for prefix, fix in outages if state.startswith(prefix)), None)
