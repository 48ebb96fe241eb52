"""What is said to one who waits for an experiment."""

from pathlib import Path

import pytest

from runner.api import waiting
from runner.api.waiting import Waiting
from runner.local.run_dir import RunDir
from runner.local.start_stop import start, stop_all
from runner.settings import Settings
from runner.store.engine import Store, open_store
from tests.broker_server import Broker
from tests.processes import wait_until
from tests.runner.store.making import make_experiment


def test_a_broker_that_ends_after_the_last_job_was_sent_is_said_once_with_a_fix(
    sqlite_store: Store, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ENSURE_SECONDS", 0.0)
    make_experiment(sqlite_store)
    given = {"RUNNER_HOME": str(tmp_path), "RUNNER_BROKER_URL": broker.url}
    settings = Settings.from_environment(given | {"RUNNER_DATABASE_URL": sqlite_store.url})
    said: list[str] = []
    with Waiting(settings, sqlite_store, said.append) as waited:
        waited.look()
        assert not any("cannot be reached" in words for words in said)
        broker.close()
        waited.look()
        waited.look()
    [told] = [words for words in said if "cannot be reached" in words]
    assert told.startswith(f"warning: the broker {broker.url}")
    assert "to fix it: start it" in told


def test_workers_that_another_command_has_started_meanwhile_stay(tmp_path: Path) -> None:
    settings, run_dir = Settings.of(tmp_path), RunDir(tmp_path)
    store = open_store(settings.database_url)
    try:
        with Waiting(settings, store, print) as waiting:
            waiting.look()
            own = run_dir.remembered()["supervisor"]
            waiting.ended()
            wait_until(lambda: not own.alive, explain=(run_dir.logs / "supervisor.log").read_text)
            start(settings)
        assert "supervisor" in run_dir.remembered()
    finally:
        stop_all(run_dir)
    assert run_dir.remembered() == {}
