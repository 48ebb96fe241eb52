"""`runner watch` on a real terminal: it fits, follows resizing, and ends as it should."""

import re
import sys
from pathlib import Path

import pytest

from runner.store.engine import Store
from runner.store.lifecycle.control import Target, cancel, pause, resume
from tests.pseudo_terminal import COLOR, Terminal, run_in_terminal
from tests.runner.reports.stored import store_tune, train_epochs
from tests.runner.store.making import job_ids

COMMAND = [sys.executable, "-m", "runner", "watch"]
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def experiment(home_store: Store) -> int:
    """Offer an experiment of 20 trials, of which one runs."""
    experiment = store_tune(home_store, [[0.5], *([[]] * 19)], epochs=10)
    train_epochs(home_store, job_ids(home_store, experiment)[1], [0.1, 0.3])
    return experiment


def in_home(home: Path, **variables: str) -> dict[str, str]:
    return {"RUNNER_HOME": str(home), **variables}


def widest(text: str) -> int:
    return max(len(CONTROL.sub("", line).rstrip("\r")) for line in text.split("\n"))


def test_it_fits_follows_a_resized_terminal_and_survives_ctrl_c(
    home: Path, home_store: Store, experiment: int
) -> None:
    with Terminal(COMMAND, (80, 24), environment=in_home(home)) as terminal:
        first = terminal.until("works on")
        assert widest(first) <= 80
        assert f"experiment {experiment}: tune" in first
        assert "2/10" in first
        terminal.forget()
        terminal.resize((60, 20))
        terminal.until("\x1b[2J")
        terminal.forget()
        assert widest(terminal.until("works on")) <= 60
        cancel(home_store, Target(experiment=experiment))
        # The job that runs stops when its worker next asks.
        terminal.until("18 cancelled")
        terminal.interrupt()
        ended = terminal.end()
    assert ended.code == 130
    assert "\x1b[?25h" in ended.text, "the cursor is shown again"
    assert CONTROL.sub("", ended.text.split("\x1b[?25h")[1]).split() == (
        f"interrupted: the jobs go on; `runner watch {experiment}` follows them again".split()
    )


def test_it_says_that_it_is_paused_and_ends_with_the_experiment(
    home: Path, home_store: Store
) -> None:
    experiment = store_tune(home_store, [[0.5], []])
    pause(home_store, experiment)
    with Terminal(COMMAND, (80, 24), environment=in_home(home)) as terminal:
        terminal.until(f"paused: no new job starts until `runner resume {experiment}`")
        resume(home_store, experiment)
        cancel(home_store, Target(experiment=experiment))
        ended = terminal.end()
    assert ended.code == 0
    last = CONTROL.sub("", ended.text).splitlines()[-1]
    assert last == f"show the results with: `runner report {experiment}`"
    assert "1 succeeded, 1 cancelled" in ended.text


def test_it_waits_for_a_database_that_is_away(home: Path, home_store: Store) -> None:
    experiment = store_tune(home_store, [[]])
    home_store.close()
    database = home / "runner.db"
    away = database.with_suffix(".away")
    with Terminal(COMMAND, (80, 24), environment=in_home(home)) as terminal:
        terminal.until("1 pending")
        database.rename(away)
        said = terminal.until("waiting for the database")
        away.rename(database)
        cancel(home_store, Target(experiment=experiment))
        ended = terminal.end()
    assert widest(said) <= 80
    assert ended.code == 0


def test_without_an_unfinished_experiment_there_is_nothing_to_follow(
    home: Path, home_store: Store
) -> None:
    store_tune(home_store, [[0.5]])
    shown = run_in_terminal(COMMAND, (80, 24), environment=in_home(home))
    assert (shown.code, shown.lines) == (
        0,
        ["every experiment is finished: `runner status` lists them"],
    )


def test_colours_are_left_out_where_they_are_not_wanted(home: Path, home_store: Store) -> None:
    command = [*COMMAND, str(store_tune(home_store, [[0.5]]))]
    coloured = run_in_terminal(command, environment=in_home(home))
    plain = run_in_terminal(command, environment=in_home(home, NO_COLOR="1"))
    assert COLOR.search(coloured.text)
    assert not COLOR.search(plain.text)
    assert "best so far" in plain.text
