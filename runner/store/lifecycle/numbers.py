"""Numbers of experiments, jobs and trials: none is used twice, not even after a deletion."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Insert, Integer, exists, insert, literal_column, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from runner.store.schema import Base, DeletedExperiment, Experiment, Job, Trial

# The column of deleted_experiments with the highest number that was deleted.
LAST = {Experiment: "id", Job: "last_job", Trial: "last_trial"}

Numbered = type[Experiment] | type[Job] | type[Trial]

# Above it, too few numbers would be left for what is submitted later.
MOST_KEPT = 2**30


class next_number(FunctionElement[int]):  # noqa: N801 (a SQL function)
    """The number of a new row; SQLite by itself gives the numbers of deleted rows again."""

    type = Integer()
    inherit_cache = True

    def __init__(self, table: Numbered) -> None:
        # Only what is given here tells two of them apart in the cache of compiled statements.
        super().__init__(literal_column(table.__tablename__))
        self.table, self.last = table.__tablename__, LAST[table]


@compiles(next_number, "sqlite")
def _next_number_sqlite(element: next_number, compiler: SQLCompiler, **options: object) -> str:  # noqa: ARG001 (SQLAlchemy's form)
    there = f"coalesce((SELECT max(id) FROM {element.table}), 0)"  # noqa: S608 (our own names)
    deleted = f"coalesce((SELECT max({element.last}) FROM deleted_experiments), 0)"  # noqa: S608
    return f"max({there}, {deleted}) + 1"


@compiles(next_number, "postgresql")
def _next_number_postgresql(element: next_number, compiler: SQLCompiler, **options: object) -> str:  # noqa: ARG001 (SQLAlchemy's form)
    return f"nextval(pg_get_serial_sequence('{element.table}', 'id'))"


def insert_numbered(table: Numbered) -> Insert:
    """Return the statement that inserts rows under numbers that nothing had before."""
    return insert(table).values(id=next_number(table))


def can_keep(connection: Connection, numbers: Mapping[type[Base], Sequence[int]]) -> bool:
    """Return whether rows can be inserted under these numbers: only if the store is unused.

    If so, nothing else gets one of them: other writers wait for the end of the transaction.
    """
    if _is_used(connection) or max(map(max, numbers.values())) > MOST_KEPT:
        return False
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
        tables = ", ".join(table.__tablename__ for table in numbers)
        connection.execute(text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))
        if _is_used(connection):
            return False
    return True


def go_on_after(connection: Connection, numbers: Mapping[type[Base], Sequence[int]]) -> None:
    """Let the next rows get the numbers after these, which were kept.

    PostgreSQL does not undo it if the transaction fails: it has to be the last statement.
    """
    if connection.dialect.name == "postgresql":
        for table, those in numbers.items():
            name = table.__tablename__
            set_last = text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), :last)")
            connection.execute(set_last, {"last": max(those)})


def _is_used(connection: Connection) -> bool:
    used = exists(select(Experiment.id)) | exists(select(DeletedExperiment.id))
    return bool(connection.scalar(select(used)))
