"""How large the database is, and whether anything runs that its compaction would hold up."""

from pathlib import Path

from sqlalchemy import exists, select, text

from runner.states import JobState
from runner.store.engine import Store
from runner.store.schema import Base, DeletedExperiment, Job
from runner.store.url import sqlite_file

BESIDE = ("", "-wal", "-journal")


def database_size(store: Store) -> int:
    """Return the bytes of a SQLite file with its journal, or of our tables on PostgreSQL."""
    path = sqlite_file(store.url)
    if path is not None:
        return sum(_size(path.with_name(path.name + ending)) for ending in BESIDE)
    statement = text("SELECT coalesce(sum(pg_total_relation_size(to_regclass(:name))), 0)")
    with store.read() as connection:
        sizes = [connection.scalar(statement, {"name": name}) for name in Base.metadata.tables]
    return sum(int(size or 0) for size in sizes)


def free_space(store: Store) -> int | None:
    """Return the bytes of a SQLite file that nothing uses; None for PostgreSQL."""
    with store.read() as connection:
        if connection.dialect.name != "sqlite":
            return None
        pages, size = (
            connection.scalar(text(f"PRAGMA {name}")) for name in ("freelist_count", "page_size")
        )
    return int(pages or 0) * int(size or 0)


def any_running(store: Store) -> bool:
    """Tell whether a job is running."""
    with store.read() as connection:
        return bool(connection.scalar(select(exists().where(Job.state == JobState.RUNNING))))


def deleted_experiments(store: Store) -> list[int]:
    """Return the numbers of the experiments that were deleted."""
    with store.read() as connection:
        return list(connection.scalars(select(DeletedExperiment.id)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
