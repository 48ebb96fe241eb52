"""A connection to a SQLite file that cannot write: to the file, beside it or anywhere else.

The file is opened read-only, which SQLite enforces with the operating system. What is not reading,
such as ATTACH, is refused before it runs, so there is no other file to write to.
"""

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL

from runner.errors import InputError
from runner.store.dialects import LOCK_SECONDS, trouble
from runner.store.read_only import refusals
from runner.store.read_only.values import Answer, Value, plain_row
from runner.store.sqlite import address, sqlite3

READS = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)
FORBIDDEN_FUNCTION = "load_extension"

# Steps of SQLite's machine between two looks at the clock and at Ctrl-C: about a millisecond.
STEPS = 100_000

NOT_AUTHORIZED = ("not authorized", "authorization denied")
NO_TABLE = re.compile(r"no such table: (?:main\.)?(.+)")
NO_COLUMN = re.compile(r"no such column: (.+)")
NEAR = re.compile(r'near "(.+)": syntax error')


class _Guard:
    """Refuse what does not read, and stop what takes too long."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.late = False

    def authorize(self, action: int, _: object, second: str | None, *__: object) -> int:
        """Tell SQLite whether it may do something."""
        loads_code = action == sqlite3.SQLITE_FUNCTION and second == FORBIDDEN_FUNCTION
        reads = action in READS and not loads_code
        return sqlite3.SQLITE_OK if reads else sqlite3.SQLITE_DENY

    def stop(self) -> bool:
        """Tell SQLite whether to stop; Ctrl-C ends this with an exception, which stops it too."""
        self.late = self.deadline is not None and time.monotonic() > self.deadline
        return self.late


@contextmanager
def ask_sqlite(url: URL, statement: str, seconds: float | None) -> Iterator[Answer]:
    """Give the answer to one statement."""
    refusals.check_form(statement)
    guard = _Guard(seconds)
    with _explained(url, statement, guard), closing(_connect(url, guard)) as connection:
        cursor = connection.execute(statement)
        columns = [column[0] for column in cursor.description or ()]
        if not columns:
            raise refusals.writes(statement)
        yield Answer(columns, _rows(cursor))


def _connect(url: URL, guard: _Guard) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address(Path(str(url.database)), "ro"),
        uri=True,
        timeout=LOCK_SECONDS,
        isolation_level=None,
    )
    connection.execute("PRAGMA query_only = ON")
    # Text that is no UTF-8 is shown, and does not end the query.
    connection.text_factory = _text
    connection.set_authorizer(guard.authorize)
    connection.set_progress_handler(guard.stop, STEPS)
    return connection


def _text(stored: bytes) -> str:
    return stored.decode(errors="replace")


def _rows(cursor: sqlite3.Cursor) -> Iterator[list[Value]]:
    for row in cursor:
        yield plain_row(row)


@contextmanager
def _explained(url: URL, statement: str, guard: _Guard) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            if guard.late and guard.seconds is not None:
                raise refusals.too_long(guard.seconds) from error
            raise KeyboardInterrupt from error
        outage = trouble(url, error) if isinstance(error, sqlite3.Error) else None
        raise _refusal(error, statement) or outage or error from error


def _refusal(error: Exception, statement: str) -> InputError | None:
    """Return why the statement is refused; None if the database itself is in trouble."""
    message, name = str(error), getattr(error, "sqlite_errorname", None)
    if name == "SQLITE_READONLY" or message in NOT_AUTHORIZED:
        return refusals.writes(statement)
    if "one statement at a time" in message:
        return refusals.several()
    if found := NO_TABLE.match(message):
        return refusals.no_table(found[1])
    if found := NO_COLUMN.match(message):
        return refusals.no_column(found[1], statement)
    if name in ("SQLITE_ERROR", "SQLITE_TOOBIG", "SQLITE_RANGE", "SQLITE_MISMATCH", None):
        return refusals.wrong(message, statement, _position(message, statement))
    return None


def _position(message: str, statement: str) -> int | None:
    """Return where the word of a syntax error stands, if it stands in one place only."""
    found = NEAR.match(message)
    if found is None or statement.count(found[1]) != 1:
        return None
    return statement.index(found[1])
