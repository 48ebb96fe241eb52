"""Ctrl-C says truly what it leaves: nothing, or an experiment that is stored whole."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

import runner.datasets.described
import runner.submit.experiments
from runner.cli import main
from runner.errors import ExitCode
from runner.store import queries
from runner.store.engine import Store

TRAIN = ["runner", "submit", "train", "--dataset", "digits", "--epochs", "1"]


def press_ctrl_c(*arguments: Any) -> None:  # noqa: ARG001 (stands in for what it interrupts)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def interrupted(
    sqlite_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """Offer to run a submission that is interrupted, and to return what it says."""
    monkeypatch.setenv("RUNNER_DATABASE_URL", sqlite_store.url)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", TRAIN)

    def call() -> str:
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == ExitCode.INTERRUPTED
        return capsys.readouterr().err

    return call


def test_before_it_is_stored_nothing_was_submitted(
    sqlite_store: Store, interrupted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.datasets.described, "load", press_ctrl_c)
    assert "interrupted: nothing was submitted" in interrupted()
    assert queries.experiments(sqlite_store, 10) == []


def test_while_it_is_stored_it_is_stored_whole_and_named(
    sqlite_store: Store, interrupted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.submit.experiments, "failpoint", press_ctrl_c)
    said = interrupted()
    assert "interrupted: experiment 1 is submitted and its jobs are saved" in said
    for command in ("runner up", "runner watch 1", "runner cancel 1"):
        assert f"`{command}`" in said
    [found] = queries.experiments(sqlite_store, 10)
    assert (found.id, found.jobs) == (1, 1)
