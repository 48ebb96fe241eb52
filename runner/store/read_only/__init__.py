"""Run one SQL statement on a connection of its own that cannot write."""

from contextlib import AbstractContextManager

from runner.store.read_only.values import Answer, Value
from runner.store.url import database_url

__all__ = ["Answer", "Value", "ask"]


def ask(url: str, statement: str, seconds: float | None) -> AbstractContextManager[Answer]:
    """Give the answer to one statement, whose rows are read while they are iterated over.

    Raises InputError for a statement that is refused, or that takes longer than `seconds`, and
    StoreUnavailable if the database cannot be used; both also while the rows are read.
    """
    checked = database_url(url)
    if checked.drivername == "sqlite":
        from runner.store.read_only.sqlite import ask_sqlite

        return ask_sqlite(checked, statement, seconds)
    from runner.store.read_only.postgresql import ask_postgresql

    return ask_postgresql(checked, statement, seconds)
