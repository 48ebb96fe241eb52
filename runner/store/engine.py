"""The door to the database: its transactions, its schema's version and its migration."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, String, inspect, text

from runner.errors import InputError
from runner.store.dialects import (
    FAULTS,
    SCHEMA,
    StoreUnavailable,
    compact_file,
    make_engine,
    make_file,
    trouble,
    use_wal,
)
from runner.store.url import database_url, name_of

__all__ = ["HEAD", "Connection", "Store", "StoreUnavailable", "open_store", "upgrade"]

# The newest revision under migrations/versions; Alembic would take half a second to say it.
HEAD = "0017"

# Whoever upgrades a PostgreSQL database holds this; the number only has to be ours.
UPGRADE_LOCK = 7_310_052

VERSION = text("SELECT version_num FROM alembic_version").columns(version_num=String)


class Store:
    """Hand out transactions on one database; threads may share it, and a fork may carry it.

    One that `keeps` a SQLite file open is for a process that has many transactions and does not
    fork.
    """

    def __init__(self, url: str, *, keeps: bool = False) -> None:
        self.url = url
        self._url = database_url(url)
        self._engine = make_engine(self._url, keeps=keeps)
        self._pid = os.getpid()

    def __reduce__(self) -> tuple[type["Store"], tuple[str]]:
        """Pickle the URL: another process opens the database for itself."""
        return Store, (self.url,)

    @property
    def name(self) -> str:
        """Return what the database is called to people; it holds no secret."""
        return name_of(self._url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the database, from begin to end."""
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._transaction({} if self._is_sqlite else snapshot) as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """Give a connection whose changes are stored together at the end, or not at all.

        Those that are not `durable` may be undone by a power failure of this machine, where they
        are in a SQLite file: for what means nothing once its processes are gone.
        """
        with self._transaction({"writes": True, "durable": durable}) as connection:
            yield connection

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Connection]:
        if self._pid != os.getpid():
            # The connections belong to the parent process, which goes on using them.
            self._engine.dispose(close=False)
            self._pid = os.getpid()
        with self._troubles_named(), self._engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def _troubles_named(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as error:
            if unavailable := trouble(self._url, error):
                # A connection keeps the settings that it began with, also a read-only default.
                self._engine.dispose()
                raise unavailable from error
            raise

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def is_new_file(self) -> bool:
        """Tell whether this is a SQLite file in which there is nothing yet, or that is missing."""
        path = Path(str(self._url.database))
        return self._is_sqlite and (not os.path.lexists(path) or self.revision() is None)

    def revision(self) -> str | None:
        """Return the version of the schema; None for an empty database.

        Raises InputError for a database that holds something else.
        """
        with self.read() as connection:
            return self._revision(connection)

    def check_version(self) -> None:
        """Raise InputError unless there is a schema and it is the one that this version knows."""
        revision = self.revision()
        if revision is None and self._is_sqlite:
            # Another process may be making it, and holds the lock until it is whole.
            with self.write() as connection:
                revision = self._revision(connection)
                # A commit would give an empty file a header.
                connection.rollback()
        _refuse_newer(self.name, revision)
        if revision != HEAD:
            raise _older(self.name, revision)

    def _revision(self, connection: Connection) -> str | None:
        tables = inspect(connection).get_table_names()
        if not tables:
            return None
        if "alembic_version" not in tables or "experiments" not in tables:
            raise InputError(
                f"the {self.name} contains tables of another program: "
                f"{', '.join(sorted(tables)[:3])}",
                "an empty database, or one that `runner db upgrade` created",
                "correct RUNNER_DATABASE_URL",
            )
        return self._version(connection)

    def _version(self, connection: Connection) -> str:
        """Return the version that the database names; raise StoreUnavailable unless it is one."""
        versions = connection.scalars(VERSION).all()
        if len(versions) != 1:
            raise StoreUnavailable(
                f"the {self.name} has {len(versions)} schema versions",
                "one row in its table alembic_version",
                SCHEMA,
            )
        return str(versions[0])

    def check_schema(self, connection: Connection) -> None:
        """Raise InputError unless the schema is the one that this version knows."""
        revision = self._version(connection)
        _refuse_newer(self.name, revision)
        if revision != HEAD:
            raise _older(self.name, revision)

    def upgrade(self) -> None:
        """Bring the schema to its newest version; of several at once, one does it."""
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        if self._is_sqlite:
            make_file(self._url)
        with self._troubles_named():
            use_wal(self._engine)
        with self.write() as connection:
            if not self._is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
            _refuse_newer(self.name, self._revision(connection))
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", "runner.store:migrations")
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StoreUnavailable(
                    f"the {self.name} cannot be upgraded: {error}",
                    f"a schema version up to {HEAD}",
                    SCHEMA,
                ) from error

    def compact(self) -> None:
        """Return the free space of a SQLite file to the disk; whoever writes waits meanwhile."""
        with self._troubles_named():
            compact_file(self._engine)

    def close(self) -> None:
        """Close what is open; the store can still be used and then opens it again."""
        self._engine.dispose()


def open_store(url: str, *, make: bool = True, keeps: bool = False) -> Store:
    """Open a database whose schema is of this version; a SQLite file that is missing may be made.

    `keeps` as for a Store. Raises InputError if the URL or the schema is not right,
    StoreUnavailable if the database cannot be reached.
    """
    store = Store(url, keeps=keeps)
    if make and store.is_new_file():
        store.upgrade()
    store.check_version()
    return store


def upgrade(url: str) -> None:
    """Bring a database to the schema of this version."""
    store = Store(url)
    try:
        store.upgrade()
    finally:
        store.close()


def _older(name: str, revision: str | None) -> InputError:
    has = f"has the older schema {revision}" if revision else "is empty"
    return InputError(f"the {name} {has}", f"the schema {HEAD}", "run `runner db upgrade`")


def _refuse_newer(name: str, revision: str | None) -> None:
    if revision is not None and revision > HEAD:
        raise InputError(
            f"the {name} has the newer schema {revision}",
            f"the schema {HEAD}, the newest that this version supports",
            "install the version of this software that upgraded the database",
        )
