"""A connection to PostgreSQL that cannot write: a read-only transaction with one cursor.

The statement becomes the query of a cursor, so the server's own grammar allows nothing that does
not read, and its protocol for one statement allows nothing after it.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy import URL, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from runner.errors import InputError
from runner.store.dialects import make_engine, trouble
from runner.store.read_only import refusals
from runner.store.read_only.values import Answer, Value, plain_row

ROWS_AT_ONCE = 1000

# Of a reader that waits before it takes more rows, such as a pager.
IDLE = "1h"

# A superuser could write files of the server by functions: it takes the rights of a reader instead.
# Its schemas are those of its own name before.
AS_READER = """
SELECT set_config('search_path', paths, true), set_config('role', 'pg_read_all_data', true)
FROM (SELECT string_agg(quote_ident(name), ', ') AS paths FROM unnest(current_schemas(false)) name)
WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_read_all_data')
"""

# What psycopg writes before the statement; the server counts the signs of both.
PREFIX = 'DECLARE "answer" CURSOR FOR '

# By their SQLSTATE.
READ_ONLY, SYNTAX, CANCELLED = "25006", "42601", "57014"
NO_TABLE, NO_COLUMN = "42P01", "42703"
# The classes of what is wrong with a statement: its values, its names and types, its limits.
OF_STATEMENT = ("0A", "21", "22", "24", "25", "2F", "34", "38", "39", "3F", "42", "54")

NAME = re.compile(r'(?:relation|column) "?(.+?)"? does not exist')
SEVERAL = "multiple commands"
CHANGES = "data-modifying statements"


@contextmanager
def ask_postgresql(url: URL, statement: str, seconds: float | None) -> Iterator[Answer]:
    """Give the answer to one statement."""
    refusals.check_form(statement)
    engine = make_engine(url)
    event.listen(engine, "connect", _prepare)
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with _explained(url, statement, seconds), engine.connect() as unset:
            # It is closed with a rollback.
            connection = unset.execution_options(**options)
            connection.execute(text(AS_READER))
            limit = max(1, round(1000 * seconds)) if seconds else 0
            connection.execute(text(f"SET LOCAL statement_timeout = {limit}"))
            own: Any = connection.connection.driver_connection
            with own.cursor("answer") as cursor:
                cursor.itersize = ROWS_AT_ONCE
                cursor.execute(statement.encode())
                columns = [column.name for column in cursor.description]
                yield Answer(columns, _rows(cursor, seconds))
    finally:
        engine.dispose()


def _prepare(connection: Any, record: object) -> None:  # noqa: ARG001 (SQLAlchemy's form)
    for setting in (
        "default_transaction_read_only = on",
        f"idle_in_transaction_session_timeout = '{IDLE}'",
        # All rows will be read: the quickest plan is not the one for the first few.
        "cursor_tuple_fraction = 1",
    ):
        connection.execute(f"SET {setting}")
    connection.commit()
    # JSON is text, as SQLite has it.
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, TextLoader)


def _rows(cursor: psycopg.ServerCursor[Any], seconds: float | None) -> Iterator[list[Value]]:
    deadline = None if seconds is None else time.monotonic() + seconds
    for row in cursor:
        if deadline is not None and seconds is not None and time.monotonic() > deadline:
            raise refusals.too_long(seconds)
        yield plain_row(row)


@contextmanager
def _explained(url: URL, statement: str, seconds: float | None) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        refusal = None
        if isinstance(cause, psycopg.Error):
            refusal = _refusal(cause, statement, seconds)
        fault = error if isinstance(error, DBAPIError) else OperationalError(None, None, error)
        raise refusal or trouble(url, fault) or error from error


def _refusal(error: psycopg.Error, statement: str, seconds: float | None) -> InputError | None:
    """Return why the statement is refused; None if the database itself is in trouble."""
    state, message = error.sqlstate or "", error.diag.message_primary or str(error)
    found = NAME.search(message)
    refusal = None
    if state == CANCELLED and seconds is not None:
        refusal = refusals.too_long(seconds)
    elif state == SYNTAX and SEVERAL in message:
        refusal = refusals.several()
    elif _writes(state, message, statement):
        refusal = refusals.writes(statement)
    elif state == NO_TABLE and found:
        refusal = refusals.no_table(found[1])
    elif state == NO_COLUMN and found:
        refusal = refusals.no_column(found[1], statement)
    # The driver has values without a state that it cannot read, such as an infinite time.
    elif state.startswith(OF_STATEMENT) or isinstance(error, psycopg.DataError):
        refusal = refusals.wrong(message, statement, _position(error, statement))
    return refusal


def _writes(state: str, message: str, statement: str) -> bool:
    is_other = state == SYNTAX and refusals.is_no_query(statement)
    return state == READ_ONLY or is_other or CHANGES in message


def _position(error: psycopg.Error, statement: str) -> int | None:
    """Return where in the statement the error is; None if it is not in it."""
    query = error.diag.internal_query
    if query is not None or error.diag.statement_position is None:
        return None
    position = int(error.diag.statement_position) - 1 - len(PREFIX)
    return position if 0 <= position <= len(statement) else None
