"""How tables are written: their types, their clock and the constraints they share."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    LargeBinary,
    MetaData,
    TypeDecorator,
    literal,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Return the stored moment as an aware one, in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class now(FunctionElement[datetime]):  # noqa: N801 (a SQL function)
    """The database's clock, in UTC: hosts may disagree, the database is one."""

    type = UtcDateTime()
    inherit_cache = True


class ago(FunctionElement[datetime]):  # noqa: N801 (a SQL function)
    """The database's clock, so many seconds ago."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, seconds: float) -> None:
        super().__init__(literal(seconds, Double()))


@compiles(now, "sqlite")
def _now_sqlite(element: now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001 (SQLAlchemy's form)
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(now, "postgresql")
def _now_postgresql(element: now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001 (SQLAlchemy's form)
    return "clock_timestamp()"


@compiles(ago, "sqlite")
def _ago_sqlite(element: ago, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || {seconds} || ' seconds')"


@compiles(ago, "postgresql")
def _ago_postgresql(element: ago, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(clock_timestamp() - make_interval(secs => {seconds}))"


class Base(DeclarativeBase):
    """The parent of every table; it fixes how types and constraints are written."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own form)
        datetime: UtcDateTime(),
        float: Double(),
        bytes: LargeBinary(),
        # JSON and not JSONB: the order of keys is part of a grid.
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Allow only these values in a column."""
    return CheckConstraint(f"{column} IN ({quoted(values)})", name=column)


def finite(*columns: str) -> CheckConstraint:
    """Refuse infinity and NaN; SQLite turns NaN into NULL, which only NOT NULL refuses."""
    largest = "1.7976931348623157e308"
    return CheckConstraint(
        " AND ".join(f"abs({column}) <= {largest}" for column in columns), name="finite"
    )


def quoted(values: Iterable[str]) -> str:
    """Write values as SQL does."""
    return ", ".join(f"'{value}'" for value in values)


def only_where(condition: str) -> dict[str, Any]:
    """Keep only some rows in an index; queries must write the condition out to use it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
