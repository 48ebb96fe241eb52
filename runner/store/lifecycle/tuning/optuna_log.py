"""Append to the log of the studies that were made with Optuna itself."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, text

from runner.store.engine import Store
from runner.store.schema import OptunaLog


def append(store: Store, entries: Sequence[str]) -> None:
    """Append entries; they are numbered from 0 without a gap, whoever else appends."""
    with store.write() as connection:
        if connection.dialect.name == "postgresql":
            # Others go on reading. SQLite has one writer at a time in any case.
            connection.execute(text("LOCK TABLE optuna_log IN EXCLUSIVE MODE"))
        last = connection.scalar(select(func.max(OptunaLog.number)))
        there = 0 if last is None else last + 1
        rows = [{"number": there + n, "entry": entry} for n, entry in enumerate(entries)]
        connection.execute(insert(OptunaLog), rows)
