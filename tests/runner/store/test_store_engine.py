"""Opening a database: what is made, what is refused, and what several processes may do at once."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from sqlalchemy import text

from runner.errors import InputError
from runner.store import dialects
from runner.store.dialects import wal_is_safe
from runner.store.engine import HEAD, Store, StoreUnavailable, open_store, upgrade
from runner.store.sqlite import sqlite3
from runner.store.url import database_url as checked
from tests.postgresql_server import PostgresqlServer
from tests.runner.store.making import InProcesses, make_empty, make_experiment, rows, run, value


def test_a_missing_sqlite_file_is_made_with_its_directory(sqlite_url: str) -> None:
    assert open_store(sqlite_url).revision() == HEAD


def test_an_empty_sqlite_file_is_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert open_store(f"sqlite:///{tmp_path}/empty.db").revision() == HEAD


@pytest.mark.parametrize("wal", [False, True])
def test_several_processes_may_make_one_sqlite_file_at_once(
    sqlite_url: str, in_processes: InProcesses, monkeypatch: pytest.MonkeyPatch, wal: bool
) -> None:
    monkeypatch.setattr(dialects, "wal_is_safe", lambda _: wal)

    def open_and_write(number: int) -> int:
        store = open_store(sqlite_url)
        make_experiment(store, submission_key=str(number))
        return rows(store, "experiments")

    assert max(in_processes(8, open_and_write)) == 8


def test_an_empty_postgresql_database_names_the_command_that_fills_it(postgresql_url: str) -> None:
    with pytest.raises(InputError, match="runner db upgrade"):
        open_store(postgresql_url)
    upgrade(postgresql_url)
    open_store(postgresql_url).close()


def test_a_postgresql_database_that_was_made_without_a_locale_is_read(
    postgresql_server: PostgresqlServer,
) -> None:
    plain = "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
    with postgresql_server.database(plain) as url:
        assert Store(url).revision() is None


def test_an_older_schema_names_the_command_that_upgrades_it(database_url: str) -> None:
    upgrade(database_url)
    store = Store(database_url)
    run(store, "UPDATE alembic_version SET version_num = '0000'")
    store.close()
    with pytest.raises(InputError, match="older schema 0000") as refusal:
        open_store(database_url)
    assert refusal.value.fix == "run `runner db upgrade`"


@pytest.mark.parametrize("enter", [open_store, upgrade])
def test_a_newer_schema_asks_for_newer_software(
    database_url: str, enter: Callable[[str], Any]
) -> None:
    upgrade(database_url)
    store = Store(database_url)
    run(store, "UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(InputError, match="newer schema 9999") as refusal:
        enter(database_url)
    assert "install the version of this software" in refusal.value.fix


def test_an_upgrade_from_a_version_that_never_was_is_refused(database_url: str) -> None:
    upgrade(database_url)
    store = Store(database_url)
    run(store, "UPDATE alembic_version SET version_num = '0000x'")
    with pytest.raises(StoreUnavailable, match="cannot be upgraded"):
        upgrade(database_url)
    run(store, "DELETE FROM alembic_version")
    store.close()
    for enter in (open_store, upgrade):
        with pytest.raises(StoreUnavailable, match="has 0 schema versions"):
            enter(database_url)


def test_an_upgrade_by_a_user_who_may_not_create_tables_says_what_is_missing(
    postgresql_url: str,
) -> None:
    owner = Store(postgresql_url)
    run(owner, "CREATE ROLE guest LOGIN")
    with pytest.raises(StoreUnavailable, match="permission denied") as refused:
        upgrade(postgresql_url.replace("postgres@", "guest@"))
    assert "grant the missing privileges" in refused.value.fix
    run(owner, "DROP ROLE guest")
    owner.close()


def test_an_upgrade_on_a_full_disk_says_so_and_is_whole_the_next_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runner.db"
    # The shell's limit for the size of a file, in blocks of 1024 bytes, stands for a full disk.
    script = "trap '' XFSZ; ulimit -f 20; exec \"$@\""
    command = ["bash", "-c", script, "-", sys.executable, "-m", "runner", "db", "upgrade"]
    environment = os.environ | {"RUNNER_DATABASE_URL": url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "to fix it: check the disk and its free space" in done.stderr
    assert "Traceback" not in done.stderr
    upgrade(url)
    assert open_store(url).revision() == HEAD


@pytest.mark.parametrize("enter", [open_store, upgrade])
def test_a_database_of_something_else_is_refused_and_left_alone(
    database_url: str, enter: Callable[[str], Any]
) -> None:
    make_empty(database_url)
    store = Store(database_url)
    run(store, "CREATE TABLE jobs (title TEXT)")
    with pytest.raises(InputError, match="contains tables of another program: jobs"):
        enter(database_url)
    assert value(store, "SELECT count(*) FROM jobs") == 0
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "results.db",
        "mysql://localhost/runner",
        "sqlite+aiosqlite:///runner.db",
        "postgresql+psycopg2://localhost/runner",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://host/runner.db",
        "sqlite:///file:runner.db?mode=memory&uri=true",
        "postgresql://runner:secret@localhost:port/runner",
    ],
)
def test_a_url_of_no_database_of_ours_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(InputError, match="RUNNER_DATABASE_URL") as refusal:
        open_store(url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_name_of_postgresql_is_understood(scheme: str) -> None:
    assert checked(f"{scheme}://runner@host/name").drivername == "postgresql+psycopg"


def test_a_relative_path_does_not_move_with_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///here.db")
    make_experiment(store)
    monkeypatch.chdir("/")
    assert rows(store, "experiments") == 1


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable) as trouble:
        open_store("postgresql://runner:secret@127.0.0.1:1/name")
    assert "PostgreSQL database name at 127.0.0.1:1" in trouble.value.what
    assert "secret" not in str(trouble.value)


@pytest.mark.parametrize("enter", [open_store, upgrade])
@pytest.mark.parametrize("wal", [False, True])
def test_a_file_that_is_no_database_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enter: Callable[[str], Any], wal: bool
) -> None:
    monkeypatch.setattr(dialects, "wal_is_safe", lambda _: wal)
    path = tmp_path / "picture.png"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailable, match=r"picture\.png"):
        enter(f"sqlite:///{path}")
    assert path.read_bytes() == b"not a database" * 100


def test_a_path_that_cannot_be_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "runner.db"):
        with pytest.raises(StoreUnavailable, match=str(path.parent)):
            open_store(f"sqlite:///{path}")


def test_who_waits_in_vain_for_a_sqlite_lock_is_told_so(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "LOCK_SECONDS", 0.1)
    impatient = Store(sqlite_store.url)
    with (
        sqlite_store.write(),
        pytest.raises(StoreUnavailable, match="database is locked"),
        impatient.write(),
    ):
        pytest.fail("two wrote at once")


def test_sixteen_processes_that_write_at_once_all_get_their_turn(
    store: Store, in_processes: InProcesses
) -> None:
    def write(number: int) -> None:
        for again in range(10):
            make_experiment(store, submission_key=f"{number} {again}")

    in_processes(16, write)
    assert rows(store, "experiments") == 160


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            connection.execute(text("DELETE FROM alembic_version"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.revision() == HEAD


def test_a_reader_sees_one_moment_and_cannot_write(postgresql_store: Store) -> None:
    counting = text("SELECT count(*) FROM experiments")
    with postgresql_store.read() as connection:
        assert connection.scalar(counting) == 0
        make_experiment(postgresql_store)
        assert connection.scalar(counting) == 0
    assert rows(postgresql_store, "experiments") == 1
    with (
        pytest.raises(Exception, match="read-only"),
        postgresql_store.read() as connection,
    ):
        connection.execute(text("DELETE FROM experiments"))


def test_a_fork_opens_its_own_connections(
    postgresql_store: Store, in_processes: InProcesses
) -> None:
    def server_process(_: int) -> int:
        return int(value(postgresql_store, "SELECT pg_backend_pid()"))

    own = server_process(0)
    others = in_processes(3, server_process)
    assert len({own, *others}) == 4
    assert server_process(0) == own


def remove(path: Path) -> None:
    """Remove a SQLite file with what belongs to it, as docs/troubleshooting.md has it."""
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def test_a_file_that_was_kept_open_is_opened_anew_when_another_takes_its_place(
    sqlite_store: Store,
) -> None:
    path = Path(str(checked(sqlite_store.url).database))
    backup = path.with_name("backup.db")
    shutil.copy(path, backup)
    kept = Store(sqlite_store.url, keeps=True)
    make_experiment(kept)
    assert rows(kept, "experiments") == 1
    remove(path)
    backup.rename(path)
    assert rows(kept, "experiments") == 0
    make_experiment(kept)
    assert rows(sqlite_store, "experiments") == 1
    remove(path)
    with pytest.raises(StoreUnavailable, match="unable to open"):
        rows(kept, "experiments")
    assert not path.exists()


def test_a_file_is_kept_open_only_where_that_is_asked_for(sqlite_store: Store) -> None:
    path = str(checked(sqlite_store.url).database)

    def is_open() -> bool:
        return path in {file.path for file in psutil.Process().open_files()}

    assert rows(sqlite_store, "experiments") == 0
    assert not is_open()
    kept = Store(sqlite_store.url, keeps=True)
    assert rows(kept, "experiments") == 0
    assert is_open()
    kept.close()
    assert not is_open()


def test_a_connection_that_the_server_has_closed_is_replaced(postgresql_store: Store) -> None:
    make_experiment(postgresql_store)
    other = Store(postgresql_store.url)
    run(
        other,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    other.close()
    assert rows(postgresql_store, "experiments") == 1


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 9), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_write_ahead_log_is_used_only_where_it_is_safe(
    version: tuple[int, int, int], safe: bool
) -> None:
    assert wal_is_safe(version) is safe


def test_the_write_ahead_log_waits_for_a_writer(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = sqlite3.connect(urlsplit(sqlite_store.url).path)
    writer.execute("PRAGMA journal_mode = DELETE")
    writer.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(dialects, "wal_is_safe", lambda _: True)
    # The first thing that waiting does here is to let the writer end.
    monkeypatch.setattr(time, "sleep", lambda _: writer.close())
    upgrade(sqlite_store.url)
    assert value(sqlite_store, "PRAGMA journal_mode") == "wal"


@pytest.mark.parametrize(("safe", "mode"), [(False, "persist"), (True, "wal")])
def test_a_file_with_a_write_ahead_log_keeps_it_only_where_it_is_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, safe: bool, mode: str
) -> None:
    path = tmp_path / "runner.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    monkeypatch.setattr(dialects, "wal_is_safe", lambda _: safe)
    store = open_store(f"sqlite:///{path}")
    assert value(store, "PRAGMA journal_mode") == mode
    assert value(store, "PRAGMA synchronous") == 2
    assert value(store, "PRAGMA foreign_keys") == 1
