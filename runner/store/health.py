"""Facts about the database that `runner doctor` judges."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from runner.store.databases import wal_is_safe
from runner.store.engine import Store
from runner.store.schema import now
from runner.store.url import database_url

__all__ = ["database_clock", "journal_mode", "sqlite_file", "wal_is_safe"]


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite database; None for another one."""
    checked = database_url(url)
    return Path(str(checked.database)) if checked.drivername == "sqlite" else None


def journal_mode(path: Path) -> str:
    """Return a file's journal mode as it is: the store itself would set another one."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return str(mode)


def database_clock(store: Store) -> datetime:
    """Return the database's time."""
    with store.read() as connection:
        return connection.scalars(select(now())).one()
