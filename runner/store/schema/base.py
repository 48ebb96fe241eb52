"""How tables are written: their types, their clock and the constraints they share."""

from collections.abc import Iterable
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, ClassVar, get_args

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ColumnClause,
    DateTime,
    Dialect,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    literal,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex, SchemaItem
from sqlalchemy.sql.compiler import DDLCompiler, SQLCompiler
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


TYPES: dict[Any, Any] = {
    bool: Boolean,
    int: Integer,
    float: Double,
    str: String,
    bytes: LargeBinary,
    datetime: UtcDateTime,
    # JSON and not JSONB: the order of keys is part of a grid.
    dict[str, Any]: JSON,
    list[Any]: JSON,
}

# What annotates a column: SQLAlchemy's own Column refuses, in the eyes of mypy, to be read from
# a class.
Column = ColumnClause


class Base:
    """The parent of every table; it fixes how types and constraints are written.

    The annotated attributes of a class are the columns of its table. They are read here, because
    SQLAlchemy's ORM, which does the same, takes a fifth of the time of a short command to import
    and to map them.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __tablename__: ClassVar[str]
    __table_args__: ClassVar[tuple[SchemaItem, ...]] = ()
    __table__: ClassVar[Table]

    def __init_subclass__(cls) -> None:
        """Make the table, and put its columns in the place of their annotations."""
        given = {name: vars(cls).get(name, column()) for name in cls.__annotations__}
        columns = [
            _column(name, get_args(cls.__annotations__[name])[0], *given[name]) for name in given
        ]
        cls.__table__ = Table(cls.__tablename__, cls.metadata, *columns, *cls.__table_args__)
        for made in columns:
            setattr(cls, made.name, made)

    @classmethod
    def __clause_element__(cls) -> Table:
        """Let statements name the class for its table."""
        return cls.__table__


def column(*arguments: Any, **options: Any) -> Any:
    """Say what a column has beyond its annotation, as the arguments of SQLAlchemy's."""
    return arguments, options


def _column(
    name: str, kept: Any, arguments: tuple[Any, ...], options: dict[str, Any]
) -> SqlColumn[Any]:
    """Make a column of what is kept in it: a type, or one or None."""
    alternatives = set(get_args(kept)) if isinstance(kept, UnionType) else {kept}
    (only,) = alternatives - {NoneType}
    annotated = {"type_": TYPES[only], "nullable": NoneType in alternatives}
    return SqlColumn(name, *arguments, **annotated | options)


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
    """Keep only some rows in an index; queries must write the condition out to use it.

    SQLAlchemy's own `postgresql_where` would import what it knows of PostgreSQL for a SQLite file.
    """
    return {"info": {"where": condition}}


@compiles(CreateIndex)
def _create_index(create: CreateIndex, compiler: DDLCompiler, **options: Any) -> str:
    statement: str = compiler.visit_create_index(create, **options)  # type: ignore[no-untyped-call]
    condition = create.element.info.get("where")
    return f"{statement} WHERE {condition}" if condition else statement
