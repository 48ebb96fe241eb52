"""Faults that are planted are found, each by its name, and nothing else is."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from runner.doctor import database, machine
from runner.doctor.broker import examine_broker
from runner.doctor.database import examine_database
from runner.doctor.examine import examine
from runner.doctor.finding import Finding
from runner.doctor.versions import examine_versions
from runner.embedded.broker import start_broker
from runner.embedded.place import Place
from runner.settings import Settings
from runner.store.engine import Store, open_store
from tests.runner.store.making import make_worker, run

SECONDS = 30

# A worker with settings that are not ours, and nothing to do.
PLANTED = """
import sys
from runner.queue import make_app
app = make_app(sys.argv[1])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=4,
                accept_content=["json", "pickle"])
app.worker_main(["worker", "--pool=solo", "--hostname=planted@here", "--loglevel=ERROR"])
"""


def words(findings: Iterator[Finding]) -> list[str]:
    return [found.what for found in findings]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.create()
    return place


@pytest.fixture
def broker(place: Place) -> Iterator[redis.Redis]:
    server = start_broker(place)
    with redis.Redis(unix_socket_path=str(place.socket)) as client:
        yield client
    server.terminate()
    server.wait()


@pytest.fixture
def settings(tmp_path: Path, place: Place) -> Settings:
    """Offer settings of a broker of our own and a SQLite file that is not there yet."""
    return Settings.from_environment(
        {"RUNNER_HOME": str(tmp_path), "RUNNER_BROKER_URL": place.broker_url}
    )


@pytest.mark.usefixtures("broker")
def test_nothing_is_found_where_all_is_well(settings: Settings) -> None:
    assert words(examine(settings)) == []
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    assert not path.exists(), "a database that is not there is not made"
    open_store(settings.database_url).close()
    assert words(examine(settings)) == []


def test_a_journal_that_does_not_fit_the_version_of_sqlite_is_found(settings: Settings) -> None:
    open_store(settings.database_url).close()
    path = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    unsafe = list(database.journal(Path(path), (3, 40, 1)))
    assert [found.what for found in unsafe] == ["SQLite 3.40.1 with a write-ahead log"]
    assert list(database.journal(Path(path), (3, 51, 3))) == []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    assert list(database.journal(Path(path), (3, 40, 1))) == []
    (slow,) = words(database.journal(Path(path), (3, 51, 3)))
    assert "has no write-ahead log" in slow


def test_a_sqlite_file_on_a_network_file_system_is_found(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/a {tmp_path} nfs4 rw 0 0\n")
    (what,) = words(database.file_system(tmp_path / "runner.db", mounts))
    assert "nfs4" in what
    assert words(database.file_system(Path("/elsewhere/runner.db"), mounts)) == []


def test_an_older_or_missing_schema_is_found(postgresql_url: str) -> None:
    settings = Settings.from_environment({"RUNNER_DATABASE_URL": postgresql_url})
    (found,) = examine_database(settings)
    assert "is empty" in found.what
    assert found.fix == "run `runner db upgrade`"


def test_a_database_that_cannot_be_reached_is_found(tmp_path: Path) -> None:
    url = f"postgresql://runner@/runner?host={tmp_path}"
    (what,) = words(examine_database(Settings.from_environment({"RUNNER_DATABASE_URL": url})))
    assert "cannot be used" in what


def test_a_clock_that_is_wrong_is_found() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert words(database.clock(moment, moment + timedelta(seconds=4))) == []
    (what,) = words(database.clock(moment, moment - timedelta(hours=1)))
    assert "3600 s" in what


def test_a_broker_that_cannot_be_reached_is_found(settings: Settings) -> None:
    (what,) = words(examine_broker(settings))
    assert "cannot be reached" in what


def test_a_broker_that_forgets_is_found(settings: Settings, broker: redis.Redis) -> None:
    broker.config_set("appendonly", "no")
    broker.config_set("maxmemory-policy", "allkeys-lru")
    forgets, evicts = words(examine_broker(settings))
    assert "no append-only file" in forgets
    assert "allkeys-lru" in evicts


@pytest.mark.usefixtures("broker")
def test_a_worker_with_other_settings_is_found(settings: Settings, place: Place) -> None:
    # Celery itself refuses pickle to root, which tests may be.
    environment = {**os.environ, "C_FORCE_ROOT": "1"}
    command = [sys.executable, "-c", PLANTED, place.broker_url]
    worker = subprocess.Popen(command, env=environment)
    try:
        found: list[str] = []
        deadline = time.monotonic() + SECONDS
        while not found and time.monotonic() < deadline:
            found = words(examine_broker(settings))
    finally:
        worker.terminate()
        worker.wait()
    late, early, pickle, solo = found
    assert "acknowledges late, with a visibility timeout of 3600 s" in late
    assert "before it has a free slot" in early
    assert "pickle" in pickle
    assert "solo" in solo


def test_workers_of_different_versions_are_found(store: Store) -> None:
    settings = Settings.from_environment({"RUNNER_DATABASE_URL": store.url})
    make_worker(store, "one")
    make_worker(store, "two")
    assert words(examine_versions(settings)) == []
    run(store, "UPDATE workers SET version = '0.0' WHERE name = 'two'")
    (what,) = words(examine_versions(settings))
    assert "0.0 on host" in what


def test_a_disk_and_a_device_that_are_full_are_found() -> None:
    assert words(machine.disk_space("/", 10**10)) == []
    assert words(machine.disk_space("/", 10**8)) == ["0.1 GB are free at /"]
    assert words(machine.device_memory("0, 40000\n1, 12\n")) == [
        "device 1 has 12 MB of free memory"
    ]


@pytest.mark.parametrize(
    ("options", "environment", "exposed"),
    [
        (["--address=0.0.0.0"], {}, 1),
        ([], {}, 1),
        (["--address=127.0.0.1"], {}, 0),
        (["--address=0.0.0.0", "--basic-auth=a:b"], {}, 0),
        (["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": "a:b"}, 0),
    ],
)
def test_a_flower_that_asks_for_no_password_is_found(
    options: list[str], environment: dict[str, str], exposed: int
) -> None:
    command = ["python", "-m", "celery", "--app=workers.app", "flower", *options]
    assert len(words(machine.exposed_flower(command, environment))) == exposed
