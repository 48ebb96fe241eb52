"""SQLite's driver and its file: a safe write-ahead log, and files that others may only read."""

import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from runner.store import dialects
from runner.store.dialects import wal_is_safe
from runner.store.engine import Store, StoreUnavailable
from runner.store.read_only import ask
from runner.store.sqlite import has_log, sqlite3
from runner.store.url import database_url
from tests.processes import as_another_user
from tests.runner.store.making import InProcesses, make_experiment, rows, value

WHEELS = {("linux", "x86_64"), ("darwin", "arm64")}


@pytest.mark.skipif(
    (sys.platform, platform.machine()) not in WHEELS, reason="pysqlite3 has no wheel here"
)
def test_the_log_of_the_sqlite_that_is_installed_is_safe_and_used(sqlite_store: Store) -> None:
    assert wal_is_safe(sqlite3.sqlite_version_info)
    assert has_log(file_of(sqlite_store))
    assert value(sqlite_store, "SELECT sqlite_version()") == sqlite3.sqlite_version


def test_a_process_that_has_imported_tensorflow_uses_the_same_sqlite() -> None:
    program = (
        "import tensorflow; from runner.store.sqlite import sqlite3 as s; print(s.sqlite_version)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == sqlite3.sqlite_version


def file_of(store: Store) -> Path:
    return Path(str(database_url(store.url).database))


@pytest.fixture
def readable(sqlite_store: Store) -> Iterator[Store]:
    """Offer a store with one experiment, in a directory that nobody else may write to."""
    make_experiment(sqlite_store)
    directory = file_of(sqlite_store).parent
    directory.chmod(0o555)
    yield sqlite_store
    directory.chmod(0o755)


def test_a_store_in_a_directory_of_another_user_can_be_read_and_not_written(
    readable: Store, in_processes: InProcesses
) -> None:
    def read_and_try_to_write(_: int) -> object:
        as_another_user()
        store = Store(readable.url)
        with pytest.raises(StoreUnavailable, match="readonly"):
            make_experiment(store)
        with ask(store.url, "SELECT count(*) FROM experiments", None) as answer:
            return rows(store, "experiments"), list(answer.rows)

    before = sorted(file_of(readable).parent.iterdir())
    assert in_processes(1, read_and_try_to_write) == [(1, [[1]])]
    assert sorted(file_of(readable).parent.iterdir()) == before


def test_a_store_whose_directory_this_user_may_not_enter_is_unavailable(
    sqlite_store: Store, in_processes: InProcesses
) -> None:
    file_of(sqlite_store).parent.chmod(0)

    def read(_: int) -> None:
        as_another_user()
        with pytest.raises(StoreUnavailable, match="unable to open database file"):
            rows(Store(sqlite_store.url), "experiments")

    in_processes(1, read)
    file_of(sqlite_store).parent.chmod(0o755)


def test_what_another_user_writes_meanwhile_is_read_from_the_log(
    sqlite_store: Store, in_processes: InProcesses
) -> None:
    writer = Store(sqlite_store.url, keeps=True)
    make_experiment(writer)
    file_of(sqlite_store).parent.chmod(0o555)

    def read(_: int) -> int:
        as_another_user()
        return rows(Store(sqlite_store.url), "experiments")

    assert in_processes(1, read) == [1]
    file_of(sqlite_store).parent.chmod(0o755)
    writer.close()
    assert not file_of(sqlite_store).with_name("runner.db-wal").exists()


@pytest.mark.parametrize(("safe", "not_durable"), [(True, 1), (False, 2)])
def test_what_is_not_durable_waits_for_no_disk_where_there_is_a_log(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, safe: bool, not_durable: int
) -> None:
    monkeypatch.setattr(dialects, "wal_is_safe", lambda _: safe)
    store = Store(sqlite_store.url, keeps=True)
    for durable, level in ((True, 2), (False, not_durable), (True, 2)):
        with store.write(durable=durable) as connection:
            assert connection.scalar(text("PRAGMA synchronous")) == level
    store.close()


def test_a_writer_begins_soon_after_the_one_before_has_ended(sqlite_store: Store) -> None:
    waiting = Store(sqlite_store.url, keeps=True)
    with waiting.write():
        pass
    assert min(seconds_until_begun(waiting, sqlite_store) for _ in range(20)) < 0.016
    waiting.close()


def seconds_until_begun(waiting: Store, other: Store) -> float:
    """Measure how long a writer waits for another that has 10 ms; SQLite retries at 8 and 18."""
    is_locked = threading.Event()

    def write() -> None:
        with other.write():
            is_locked.set()
            time.sleep(0.010)

    thread = threading.Thread(target=write)
    thread.start()
    is_locked.wait()
    begun = time.monotonic()
    with waiting.write():
        seconds = time.monotonic() - begun
    thread.join()
    return seconds
