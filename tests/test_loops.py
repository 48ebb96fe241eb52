"""No error of a database, a broker or a file system ends a loop that keeps a worker alive."""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.cli.live.bar import Bar
from runner.local import supervisor
from runner.local.broker import start_broker
from runner.local.run_dir import RunDir
from runner.local.supervisor import Supervisor
from runner.loop_errors import LoopErrors
from runner.queue import recovery
from runner.settings import Settings
from runner.store.engine import Store, StoreUnavailable
from runner.store.lifecycle.attempts import AttemptKey
from runner.store.url import name_of
from tests.broker_server import Broker
from tests.injected_errors import (
    Injected,
    dialect_of,
    every_error,
    inject,
    of_driver,
    of_psycopg,
    of_sqlite,
)
from tests.runner.store.making import (
    make_claim,
    make_experiment,
    make_jobs,
    make_worker,
    run,
    value,
)
from workers import __main__ as worker_process
from workers import app as worker_app
from workers import context, leaving, retrying
from workers.drain import drain
from workers.heartbeat import Heartbeat
from workers.leaving import Leaving
from workers.retrying import retry_while_unavailable

SECONDS = 60
BEAT_SECONDS = 0.005

OUTAGES = {
    "sqlite": [
        *("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_FULL", "SQLITE_IOERR_WRITE"),
        *("SQLITE_NOTADB", "SQLITE_PERM", "SQLITE_READONLY_DBMOVED", "SQLITE_INTERRUPT"),
    ],
    "postgresql": [
        *("08006", "25006", "28P01", "3D000", "40001", "40P01", "42501", "42P01", "53100"),
        *("53300", "55P03", "57014", "57P01", "57P03", "58030", "XX001"),
    ],
}
FAULTS = {
    "sqlite": ["SQLITE_CONSTRAINT_UNIQUE", "SQLITE_MISMATCH", "SQLITE_TOOBIG", "SQLITE_ERROR"],
    "postgresql": ["22003", "22P02", "23505", "23514", "25P02", "42601", "42883", "54000", "P0001"],
}


def until(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {SECONDS} s: {what}"
        time.sleep(0.01)


@contextmanager
def beating(store: Store, key: AttemptKey | None = None) -> Iterator[Heartbeat]:
    """Let a heart beat quickly for a worker, and for its attempt."""
    heart = Heartbeat(store, lambda: seen(store), BEAT_SECONDS, progress_seconds=3600)
    heart.watch(key)
    heart.start()
    yield heart
    assert heart.is_alive()
    heart.stop()


def seen(store: Store) -> None:
    make_worker(store)


def beats(store: Store) -> int:
    """Return how often the only attempt's heart has beaten."""
    return int(value(store, "SELECT heartbeats FROM attempts"))


def beats_again(store: Store) -> None:
    """Wait for one more heartbeat than now."""
    before = beats(store)
    until(lambda: beats(store) > before, "the heart beats")


def driver_error(store: Store, code: str) -> Exception:
    return of_sqlite(code) if dialect_of(store) == "sqlite" else of_psycopg(code)


def test_the_heart_outlives_every_error_and_says_each_once(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    claimed = make_claim(store)
    other = Store(store.url)
    errors = every_error(dialect_of(store))
    injected = inject(store, errors)
    with beating(store, claimed.key):
        until(lambda: not injected.left, "every error was raised")
        beats_again(other)
    other.close()
    said = [record.message for record in caplog.records if "no heartbeat" in record.message]
    assert len(errors) / 4 < len(said) <= len(errors) + 1
    assert "resolved: no heartbeat" in said


def test_a_worker_that_the_database_does_not_list_any_more_is_listed_again(store: Store) -> None:
    make_worker(store)
    run(store, "DELETE FROM workers")
    with beating(store):
        until(lambda: value(store, "SELECT count(*) FROM workers"), "the worker is listed")


def test_an_error_that_comes_again_and_again_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = LoopErrors(logging.getLogger("loop"), "no luck")
    for error in (ValueError("a\n1"), ValueError("a\n2"), KeyError("b"), ValueError("a")):
        with errors.caught():
            raise error
    for _ in range(2):
        with errors.caught():
            pass
    assert [record.message for record in caplog.records] == [
        "no luck: ValueError: a",
        "no luck: KeyError: 'b'",
        "no luck: ValueError: a",
        "resolved: no luck",
    ]


def test_the_heart_outlives_a_postgresql_that_is_read_only_for_a_while(
    postgresql_store: Store,
) -> None:
    store = postgresql_store
    claimed, other = make_claim(store), Store(store.url)
    name = value(store, "SELECT current_database()")
    throw_out = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with beating(store, claimed.key):
        run(other, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        run(other, throw_out)
        with pytest.raises(StoreUnavailable, match="read-only") as refused:
            make_experiment(store)
        assert "default_transaction_read_only" in refused.value.fix
        run(other, f"ALTER DATABASE {name} RESET default_transaction_read_only")
        # Nobody is thrown out this time: a connection keeps the setting that it began with.
        beats_again(other)
    other.close()


def test_the_heart_outlives_tables_that_are_gone_for_a_while(store: Store) -> None:
    claimed, other = make_claim(store), Store(store.url)
    with beating(store, claimed.key):
        run(other, "ALTER TABLE attempts RENAME TO gone")
        with pytest.raises(StoreUnavailable, match="attempts"):
            beats(other)
        run(other, "ALTER TABLE gone RENAME TO attempts")
        beats_again(other)
    other.close()


def test_the_heart_outlives_a_privilege_that_is_missing_for_a_while(
    postgresql_store: Store,
) -> None:
    owner = postgresql_store
    claimed = make_claim(owner)
    run(owner, "DROP ROLE IF EXISTS limited")
    run(owner, "CREATE ROLE limited LOGIN")
    run(owner, "GRANT ALL ON ALL TABLES IN SCHEMA public TO limited")
    store = Store(owner.url.replace("postgres@", "limited@"))
    with beating(store, claimed.key):
        beats_again(owner)
        run(owner, "REVOKE UPDATE ON attempts FROM limited")
        with pytest.raises(StoreUnavailable, match="permission denied"):
            run(store, "UPDATE attempts SET heartbeats = 0")
        run(owner, "GRANT UPDATE ON attempts TO limited")
        beats_again(owner)
    store.close()
    run(owner, "DROP OWNED BY limited")
    run(owner, "DROP ROLE limited")


def test_an_outage_is_waited_for_and_a_fault_of_ours_is_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "FIRST_WAIT_SECONDS", 0)
    dialect = dialect_of(store)
    injected = inject(store, [driver_error(store, code) for code in OUTAGES[dialect]])
    assert retry_while_unavailable(lambda: value(store, "SELECT 1")) == 1
    assert not injected.left
    for code in FAULTS[dialect]:
        injected.left = [driver_error(store, code)]
        with pytest.raises(Exception, match="injected") as raised:
            retry_while_unavailable(lambda: value(store, "SELECT 1"))
        assert not isinstance(raised.value, StoreUnavailable)


def test_every_error_of_a_driver_is_either_an_outage_or_a_fault_and_names_no_secret(
    store: Store,
) -> None:
    for error in of_driver(dialect_of(store)):
        inject(store, [error])
        with pytest.raises(Exception, match="injected") as raised:
            value(store, "SELECT 1")
        if isinstance(raised.value, StoreUnavailable):
            assert name_of(store._url) in raised.value.what
            assert raised.value.fix


def test_a_drain_ends_the_wait_for_an_outage(sqlite_store: Store) -> None:
    inject(sqlite_store, [of_sqlite("SQLITE_FULL")] * 3)
    drain.set()
    with pytest.raises(StoreUnavailable, match="injected"):
        retry_while_unavailable(lambda: value(sqlite_store, "SELECT 1"))
    drain.clear()


def test_recovery_outlives_every_error_and_repairs_afterwards(
    store: Store, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = make_jobs(store)
    in_database = inject(store, of_driver(dialect_of(store)))
    elsewhere, sweep = Injected(every_error()), recovery.sweep

    def fails_first(*given: Any) -> Any:
        elsewhere()
        return sweep(*given)

    monkeypatch.setattr(recovery, "Store", lambda *_, **__: store)
    monkeypatch.setattr(recovery, "sweep", fails_first)
    settings = Settings.from_environment(
        {"RUNNER_DATABASE_URL": store.url, "RUNNER_BROKER_URL": broker.url}
    )
    quick = replace(settings, sweep_seconds=BEAT_SECONDS)
    stopping = threading.Event()
    loop = threading.Thread(target=recovery.sweep_until, args=(stopping, quick, os.getppid()))
    loop.start()
    until(lambda: broker.client.llen("jobs"), f"job {job} is sent")
    stopping.set()
    loop.join(SECONDS)
    assert not in_database.left
    assert not elsewhere.left


def test_a_recovery_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    injected = Injected([])

    def start(self: worker_process.Recovery) -> None:
        injected()
        self._process = subprocess.Popen(["sleep", str(SECONDS)])

    monkeypatch.setattr(worker_process, "RESTART_SECONDS", BEAT_SECONDS)
    monkeypatch.setattr(worker_process.Recovery, "_start_process", start)
    beside = worker_process.Recovery()
    first = beside._process
    beside.start()
    injected.left = every_error()
    first.kill()
    until(lambda: not injected.left and beside._process.poll() is None, "it runs again")
    assert beside._process is not first
    beside.stop()


def test_a_job_is_given_back_or_not_but_a_process_that_was_told_to_stop_ends(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = make_claim(sqlite_store)
    heart = Heartbeat(sqlite_store, lambda: None, SECONDS, progress_seconds=3600)
    heart.watch(claimed.key)
    ended: list[int] = []
    monkeypatch.setattr(leaving, "_end_process", lambda: ended.append(1))
    monkeypatch.setattr(leaving, "STORE_SECONDS", SECONDS)
    errors = every_error()
    inject(sqlite_store, errors)
    for _ in errors:
        Leaving(sqlite_store, heart)._leave()
    assert len(ended) == len(errors)
    assert value(sqlite_store, "SELECT state FROM attempts") == "running"
    Leaving(sqlite_store, heart)._leave()
    assert value(sqlite_store, "SELECT state FROM attempts") == "released"


def test_a_process_of_the_pool_waits_until_it_can_be_a_worker(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    injected, start = Injected(every_error()), context.start

    def fails_first(settings: Settings) -> Any:
        injected()
        return start(settings)

    monkeypatch.setattr(retrying, "LONGEST_WAIT_SECONDS", 0)
    monkeypatch.setattr(context, "start", fails_first)
    monkeypatch.setattr(worker_app, "Leaving", lambda *_: threading.Thread())
    settings = Settings.from_environment({"RUNNER_DATABASE_URL": sqlite_store.url})
    monkeypatch.setattr(worker_app, "settings", settings)
    worker_app._enter()
    assert not injected.left
    assert context.current().store.url == sqlite_store.url
    context.stop()


def test_the_supervisor_starts_again_what_ended_whatever_went_wrong_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", BEAT_SECONDS)
    monkeypatch.setattr(
        Supervisor, "_start_worker", lambda _: subprocess.Popen(["sleep", str(SECONDS)])
    )
    injected, start = Injected(every_error()), start_broker
    watching = Supervisor(run_dir)
    loop = threading.Thread(target=watching.run, args=(None,))
    loop.start()

    def fails_first(run_dir: RunDir) -> Any:
        injected()
        return start(run_dir)

    monkeypatch.setattr(supervisor, "start_broker", fails_first)
    watching.broker.kill()
    until(lambda: not injected.left and watching.broker.poll() is None, "the broker is back")
    watching.stopping.set()
    loop.join(SECONDS)
    watching.stop()


def test_who_waits_for_an_experiment_waits_for_the_database_too(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = make_experiment(store)
    with Bar(store, experiment) as bar:
        inject(store, [driver_error(store, code) for code in OUTAGES[dialect_of(store)]])
        looks = [bar.show() for _ in range(len(OUTAGES[dialect_of(store)]) + 1)]
        assert not any(looks)
        assert capsys.readouterr().err.count("waiting for the database") == 1
        run(store, "UPDATE jobs SET state = 'cancelled', ended_at = created_at")
        assert bar.show()
