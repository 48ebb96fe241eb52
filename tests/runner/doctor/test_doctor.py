"""Faults that are planted are found, each by its name, and nothing else is."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner

from runner.cli.local import doctor
from runner.doctor import database, machine
from runner.doctor import examine as examination
from runner.doctor.broker import examine_broker
from runner.doctor.database import examine_database
from runner.doctor.examine import examine
from runner.doctor.finding import Finding
from runner.doctor.versions import examine_versions
from runner.local.broker import start_broker
from runner.local.run_dir import RunDir
from runner.settings import Settings
from runner.store.engine import Store, open_store
from runner.store.sqlite import sqlite3
from tests.runner.store.making import make_worker, run, value

SECONDS = 120

# A worker with settings that are not ours, and nothing to do.
PLANTED = """
import sys
from runner.queue.app import make_app
app = make_app(sys.argv[1])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=4,
                accept_content=["json", "pickle"])
app.worker_main(["worker", "--pool=solo", "--hostname=planted@here", "--loglevel=ERROR"])
"""


def words(findings: Iterator[Finding]) -> list[str]:
    return [found.what for found in findings]


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    # Not the home of the settings: what is left there says that there was a database.
    run_dir = RunDir(tmp_path / "broker")
    run_dir.create()
    return run_dir


@pytest.fixture
def broker(run_dir: RunDir) -> Iterator[redis.Redis]:
    server = start_broker(run_dir)
    with redis.Redis(unix_socket_path=str(run_dir.socket)) as client:
        yield client
    server.terminate()
    server.wait()


@pytest.fixture
def settings(tmp_path: Path, run_dir: RunDir) -> Settings:
    """Offer settings of a broker of our own and a SQLite file that is not there yet."""
    return Settings.from_environment(
        {"RUNNER_HOME": str(tmp_path), "RUNNER_BROKER_URL": run_dir.broker_url}
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
    assert [found.what for found in unsafe] == [
        "SQLite 3.40.1 is used with a write-ahead log (WAL)"
    ]
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
def test_a_worker_with_other_settings_is_found(settings: Settings, run_dir: RunDir) -> None:
    # Celery itself refuses pickle to root, which tests may be.
    environment = {**os.environ, "C_FORCE_ROOT": "1"}
    command = [sys.executable, "-c", PLANTED, run_dir.broker_url]
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
    assert "acknowledges late (task_acks_late), with a visibility timeout of 3600 s" in late
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
    assert words(machine.disk_space("/", 10**8)) == ["only 0.1 GB are free at /"]
    assert words(machine.device_memory("0, 40000\n1, 12\n")) == [
        "device 1 has only 12 MB of free memory"
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


NOISE = hashlib.sha512(b"noise").digest()


def overwritten(path: Path) -> None:
    path.write_bytes(NOISE * 1000)


def replaced_by_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replaced_by_another_database(path: Path) -> None:
    path.unlink()
    by_hand(path, "CREATE TABLE notes (words TEXT)")


def by_hand(path: Path, *statements: str) -> None:
    """Change a database behind the back of the store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "cannot be used": overwritten,
    "malformed": lambda path: os.truncate(path, path.stat().st_size // 2),
    "is empty": lambda path: os.truncate(path, 0),
    "unable to open": replaced_by_a_directory,
    "contains tables of another program: notes": replaced_by_another_database,
    "no table checkpoints": lambda path: by_hand(path, "DROP TABLE checkpoints"),
    "no table jobs": lambda path: by_hand(path, "DROP TABLE jobs"),
    "no column jobs.reason": lambda path: by_hand(
        path, "DROP VIEW v_trials", "ALTER TABLE jobs DROP COLUMN reason"
    ),
    "no view v_epochs": lambda path: by_hand(path, "DROP VIEW v_epochs"),
    "no index uq_attempts_open": lambda path: by_hand(path, "DROP INDEX uq_attempts_open"),
    "no constraint ck_jobs_lost": lambda path: by_hand(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'ck_jobs_lost', 'ck_other')",
    ),
    "has 0 schema versions": lambda path: by_hand(path, "DELETE FROM alembic_version"),
    "is damaged": lambda path: by_hand(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name ="
        " 'epochs') WHERE name = 'events'",
    ),
}


@pytest.mark.parametrize("expected", DAMAGE)
def test_a_damaged_database_is_found_and_changed_by_nobody(
    settings: Settings, upgraded_file: Path, expected: str
) -> None:
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    shutil.copy(upgraded_file, path)
    DAMAGE[expected](path)
    before = path.read_bytes() if path.is_file() else None
    found = words(examine(settings))
    assert any(expected in what for what in found), found
    # No broker is up here: the examination went on.
    assert any("broker" in what for what in found)
    assert before == (path.read_bytes() if path.is_file() else None)


def test_an_incomplete_or_read_only_postgresql_is_found(postgresql_store: Store) -> None:
    store = postgresql_store
    settings = Settings.from_environment({"RUNNER_DATABASE_URL": store.url})
    assert words(examine_database(settings)) == []
    name = value(store, "SELECT current_database()")
    run(store, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    (what,) = words(examine_database(settings))
    assert "read-only" in what
    run(store, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    run(store, "ALTER INDEX uq_attempts_open RENAME TO other")
    (what,) = words(examine_database(settings))
    run(store, "ALTER INDEX other RENAME TO uq_attempts_open")
    assert "no index uq_attempts_open" in what


def test_an_examination_that_breaks_is_a_finding_and_the_others_go_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Iterator[Finding]:
        yield from ()
        raise KeyError("unheard of")

    for name in ("examine_database", "examine_versions", "examine_broker", "examine_machine"):
        monkeypatch.setattr(examination, name, breaks)
    found = words(examine(settings))
    assert len(found) == 3, "versions are not looked for in a database that is broken"
    assert all("cannot be checked: KeyError: 'unheard of'" in what for what in found)


def test_a_broker_that_refuses_what_is_written_is_found(
    settings: Settings, broker: redis.Redis
) -> None:
    broker.config_set("maxmemory", "1")
    (what,) = words(examine_broker(settings))
    assert "is out of memory" in what
    broker.config_set("maxmemory", "0")
    broker.config_set("min-replicas-to-write", "1")
    (what,) = words(examine_broker(settings))
    assert "NOREPLICAS" in what


def test_a_queue_that_holds_something_else_is_found(
    settings: Settings, broker: redis.Redis
) -> None:
    broker.set("jobs", "foo")
    broker.set("unacked", "foo")  # no worker of ours uses this key of Celery's
    (what,) = words(examine_broker(settings))
    assert what == "the broker's key 'jobs' is a string, not a list"


@pytest.mark.parametrize(
    "variables",
    [
        {"RUNNER_BROKER_URL": "redis://h/notadb"},
        {"RUNNER_BROKER_URL": "http://h"},
        {"RUNNER_BROKER_URL": "redis://localhost:99999/0"},
        {"RUNNER_BROKER_URL": "redis://[h"},
        {"RUNNER_DATABASE_URL": "http://h"},
        {"RUNNER_DATABASE_URL": "sqlite://"},
        {"RUNNER_DATABASE_URL": "postgresql://h:port/name"},
        {"RUNNER_SLOTS": "many"},
    ],
)
def test_settings_that_are_wrong_are_a_finding(tmp_path: Path, variables: dict[str, str]) -> None:
    done = CliRunner().invoke(
        doctor, ["--format", "json"], env={"RUNNER_HOME": str(tmp_path), **variables}
    )
    assert done.exit_code == 1
    (name,) = variables
    assert any(name in found["fix"] for found in json.loads(done.stdout)["findings"])
