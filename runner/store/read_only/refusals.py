"""Why a statement is refused, in words that help to correct it."""

import re
from collections.abc import Iterator

from cifar_model.errors import MOST_SHOWN, nearest
from runner.errors import InputError
from runner.store.schema import Base
from runner.store.schema.views import VIEWS, columns_of_view

FORM = "one statement that reads: SELECT, WITH ... SELECT or VALUES"
PAGE = "docs/sql.md has the columns and examples"

# The words of SQL's other statements: for the words of a message, nothing depends on them.
NO_QUERIES = (
    *("ALTER", "ANALYZE", "BEGIN", "CALL", "CHECKPOINT", "CLUSTER", "COMMENT", "COMMIT", "COPY"),
    *("CREATE", "DEALLOCATE", "DECLARE", "DELETE", "DISCARD", "DO", "DROP", "EXECUTE", "EXPLAIN"),
    *("GRANT", "IMPORT", "INSERT", "LISTEN", "LOAD", "LOCK", "MERGE", "NOTIFY", "PREPARE"),
    *("REFRESH", "REINDEX", "RELEASE", "RESET", "REVOKE", "ROLLBACK", "SAVEPOINT", "SET", "START"),
    *("SECURITY", "SHOW", "TRUNCATE", "UNLISTEN", "UPDATE", "VACUUM"),
)

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def check_form(statement: str) -> None:
    """Raise InputError for a statement in which there is nothing to run, or that is no text."""
    if not _without_comments(statement).strip(" \t\r\n;"):
        raise InputError(
            "the statement is empty",
            FORM,
            "write one, as in runner sql 'SELECT trial, val_accuracy FROM v_trials'",
        )
    if re.search("[\0\ud800-\udfff]", statement):
        raise InputError(
            "the statement has a NUL character, or is not UTF-8",
            "text in UTF-8",
            "correct the statement or its encoding",
        )


def _without_comments(statement: str) -> str:
    return COMMENT.sub(" ", statement)


def is_no_query(statement: str) -> bool:
    """Tell whether a statement begins with a word that no query begins with."""
    found = re.search(r"\w+", _without_comments(statement))
    return found is not None and found[0].upper() in NO_QUERIES


def writes(statement: str) -> InputError:
    """Return the refusal of a statement that does more than read."""
    words = " ".join(statement.split())
    tried = words if len(words) <= MOST_SHOWN else f"{words[:MOST_SHOWN]}..."
    return InputError(
        f"the connection of `runner sql` is read-only, and this was refused: {tried}",
        FORM,
        "use the other commands to change anything; `runner --help` lists them",
    )


def several() -> InputError:
    """Return the refusal of more than one statement."""
    return InputError(
        "there is more than one statement; none was run",
        f"{FORM}, with nothing after its semicolon",
        "run them one by one",
    )


def wrong(message: str, statement: str, position: int | None = None) -> InputError:
    """Return the refusal of a statement that the database does not understand.

    `position` is the number of the sign at which it stopped, from 0.
    """
    return InputError(
        f"the database refused the statement: {message}{_place(statement, position)}",
        FORM,
        f"correct the statement; {PAGE}",
    )


def _place(statement: str, position: int | None) -> str:
    if position is None:
        return ""
    before = statement[:position]
    line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
    return f" (line {line}, column {column})"


def too_long(seconds: float) -> InputError:
    """Return the refusal of a statement that was stopped."""
    return InputError(
        f"the query was stopped after {seconds:g} s",
        "a query that ends within --timeout",
        "increase --timeout, or select fewer rows",
    )


def no_table(name: str) -> InputError:
    """Return the refusal of a table that does not exist."""
    there = [*VIEWS, *sorted(Base.metadata.tables)]
    return InputError(
        f"there is no table or view {name}",
        f"one of {', '.join(there)}",
        _meant(name, there) or f"correct the name; {PAGE}",
    )


def no_column(name: str, statement: str) -> InputError:
    """Return the refusal of a column that does not exist in what the statement reads."""
    there = dict(_columns_read(statement))
    columns = list(dict.fromkeys(column for names in there.values() for column in names))
    listed = "; ".join(f"{table}: {', '.join(names)}" for table, names in there.items())
    return InputError(
        f"there is no column {name}",
        f"a column of {listed}" if there else f"a column of one of {', '.join(VIEWS)}",
        _meant(name.rpartition(".")[2], columns) or f"correct the name; {PAGE}",
    )


def _columns_read(statement: str) -> Iterator[tuple[str, list[str]]]:
    words = set(re.findall(r"\w+", statement.lower()))
    for view in VIEWS:
        if view in words:
            yield view, columns_of_view(view)
    for table in Base.metadata.sorted_tables:
        if table.name in words:
            yield table.name, [column.name for column in table.columns]


def _meant(name: str, there: list[str]) -> str | None:
    close = nearest(name.lower(), there)
    return f"did you mean {close}?" if close else None
