"""Queries about the state of the database for `runner doctor`. Nothing is changed."""

from datetime import datetime

from sqlalchemy import Inspector, Table, inspect, select, text, update

from runner.store.dialects import wal_is_safe
from runner.store.engine import Store
from runner.store.schema import Base, Worker, now
from runner.store.schema.views import VIEWS

__all__ = [
    "damage",
    "database_clock",
    "missing_parts",
    "missing_privileges",
    "missing_views",
    "try_to_write",
    "wal_is_safe",
]

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")


def database_clock(store: Store) -> datetime:
    """Return the current time of the database."""
    with store.read() as connection:
        return connection.scalars(select(now())).one()


def damage(store: Store) -> list[str]:
    """Return the damage that SQLite finds in its file; PostgreSQL has no such check."""
    with store.read() as connection:
        if connection.dialect.name != "sqlite":
            return []
        found = connection.scalars(text("PRAGMA quick_check(3)")).all()
    return [str(words) for words in found if words != "ok"]


def missing_parts(store: Store) -> list[str]:
    """Return the tables, columns, constraints and indexes that are missing in the database.

    Without them guarantees could be violated silently: two workers could get the same job.
    """
    with store.read() as connection:
        inspector = inspect(connection)
        there = set(inspector.get_table_names())
        lacking = []
        for table in Base.metadata.sorted_tables:
            if table.name in there:
                lacking += sorted(_parts(table) - _parts_there(inspector, table.name))
            else:
                lacking.append(f"table {table.name}")
    return lacking


def missing_views(store: Store) -> list[str]:
    """Return the views that are missing in the database."""
    with store.read() as connection:
        there = inspect(connection).get_view_names()
    return [view for view in VIEWS if view not in there]


def _parts(table: Table) -> set[str]:
    return (
        {f"column {table.name}.{column.name}" for column in table.columns}
        | {f"constraint {constraint.name}" for constraint in table.constraints}
        | {f"index {index.name}" for index in table.indexes}
    )


def _parts_there(inspector: Inspector, table: str) -> set[str]:
    constraints = [
        inspector.get_pk_constraint(table),
        *inspector.get_foreign_keys(table),
        *inspector.get_unique_constraints(table),
        *inspector.get_check_constraints(table),
    ]
    return (
        {f"column {table}.{column['name']}" for column in inspector.get_columns(table)}
        | {f"constraint {constraint['name']}" for constraint in constraints}
        | {f"index {index['name']}" for index in inspector.get_indexes(table)}
    )


def missing_privileges(store: Store) -> list[str]:
    """Return the privileges on the tables that this user does not have, on PostgreSQL."""
    allowed = text("SELECT has_table_privilege(:name, :privilege)")
    with store.read() as connection:
        if connection.dialect.name == "sqlite":
            return []
        there = set(inspect(connection).get_table_names())
        return [
            f"{privilege} on {table.name}"
            for table in Base.metadata.sorted_tables
            for privilege in PRIVILEGES
            if table.name in there
            and not connection.scalar(allowed, {"name": table.name, "privilege": privilege})
        ]


def try_to_write(store: Store) -> None:
    """Run an update that matches no row; raise StoreUnavailable if the database is read-only."""
    with store.write() as connection:
        connection.execute(update(Worker).where(Worker.name == "").values(device=Worker.device))
