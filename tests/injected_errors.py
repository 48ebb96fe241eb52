"""Every class of error that a database, a broker or a file system answers with, to be injected."""

import errno
import inspect
import os
from collections.abc import Sequence

import kombu.exceptions
import psycopg.errors
import redis.exceptions
import sqlalchemy.exc
from sqlalchemy import event

from runner.errors import InputError, UnavailableError
from runner.store.dialects import POSTGRESQL_OUTAGES
from runner.store.engine import Store, StoreUnavailable
from runner.store.sqlite import sqlite3

TRIPLE = ("injected", "no error", "try again")


def of_module(module: object, base: type[Exception]) -> list[Exception]:
    """Return one error of each class that a module has; most constructors want too much."""
    made = []
    for kind in vars(module).values():
        if inspect.isclass(kind) and issubclass(kind, base):
            error = kind.__new__(kind)
            error.args = ("injected",)
            made.append(error)
    return made


def of_sqlalchemy() -> list[Exception]:
    """Return one error of each class of SQLAlchemy."""
    wrapping = [
        kind("SELECT 1", None, Exception("injected"))
        for kind in vars(sqlalchemy.exc).values()
        if inspect.isclass(kind) and issubclass(kind, sqlalchemy.exc.StatementError)
        if issubclass(kind, sqlalchemy.exc.DBAPIError)
    ]
    others = of_module(sqlalchemy.exc, sqlalchemy.exc.SQLAlchemyError)
    return [
        *wrapping,
        *(error for error in others if not isinstance(error, sqlalchemy.exc.StatementError)),
    ]


def of_psycopg(state: str) -> Exception:
    """Return the error that psycopg raises for a SQLSTATE."""
    return psycopg.errors.lookup(state)("injected")


def of_sqlite(name: str, words: str = "injected") -> sqlite3.Error:
    """Return an error of SQLite under its name of it."""
    error = sqlite3.OperationalError(words)
    error.sqlite_errorname = name
    return error


def of_driver(dialect: str) -> list[Exception]:
    """Return an error of each kind that a database itself answers with."""
    if dialect == "postgresql":
        kinds = [kind for kind in vars(psycopg.errors).values() if inspect.isclass(kind)]
        found = {getattr(kind, "sqlstate", None) for kind in kinds}
        states = sorted(state for state in found if isinstance(state, str))
        # One of each class, and those that are told apart within theirs.
        classes = {state[:2]: state for state in states}
        chosen = set(classes.values()) | (POSTGRESQL_OUTAGES.keys() & set(states))
        nameless = [psycopg.OperationalError("injected"), psycopg.InterfaceError("injected")]
        return nameless + [of_psycopg(state) for state in sorted(chosen)]
    names = [name for name in dir(sqlite3) if name.startswith("SQLITE_")]
    codes = [name for name in names if isinstance(getattr(sqlite3, name), int)]
    return [sqlite3.ProgrammingError("injected"), *map(of_sqlite, codes)]


def of_the_rest() -> list[Exception]:
    """Return errors of a broker, of files and of ourselves."""
    codes = ("ENOSPC", "EIO", "EROFS", "ENOENT", "EACCES", "EMFILE", "ESTALE", "ENOMEM", "EAGAIN")
    return [
        *(OSError(code, os.strerror(code)) for code in (getattr(errno, name) for name in codes)),
        *of_module(redis.exceptions, redis.exceptions.RedisError),
        *of_module(kombu.exceptions, kombu.exceptions.KombuError),
        *(kind("injected") for kind in (MemoryError, ValueError, KeyError, RuntimeError)),
        ConnectionResetError("injected"),
        TimeoutError("injected"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "injected"),
        InputError(*TRIPLE),
        UnavailableError(*TRIPLE),
        StoreUnavailable(*TRIPLE),
    ]


def every_error(dialect: str = "sqlite") -> list[Exception]:
    """Return all of them, with those of one driver."""
    return [*of_driver(dialect), *of_sqlalchemy(), *of_the_rest()]


class Injected:
    """Raise errors one after another, and none when they are used up."""

    def __init__(self, errors: Sequence[Exception]) -> None:
        self.left = list(errors)

    def __call__(self, *_: object) -> None:
        """Raise the next one."""
        if self.left:
            raise self.left.pop(0)


def inject(store: Store, errors: Sequence[Exception]) -> Injected:
    """Let a store's next statements fail in its driver, each with one of these errors."""
    injected = Injected(errors)
    event.listen(store._engine, "do_execute", lambda *_: injected())
    return injected


def dialect_of(store: Store) -> str:
    """Return the kind of database that a store is on."""
    return "sqlite" if store.url.startswith("sqlite") else "postgresql"
