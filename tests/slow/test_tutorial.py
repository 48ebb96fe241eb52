"""The tutorial, as a reader follows it: `make slow`."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.store.sqlite import sqlite3
from tests.acceptance.command_line import Runner
from tests.processes import unused_port
from tests.pseudo_terminal import run_in_terminal
from tests.runner.ui.conftest import start_page
from tests.tutorial import Command, File, shape, steps

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def follow(runner: Runner, step: File | Command) -> None:
    """Do what one step of the tutorial says."""
    if isinstance(step, File):
        (runner.directory / step.name).write_text(step.content)
    elif step.words == ("runner", "ui"):
        look(runner)
    elif step.output:
        command = runner.command(*step.words[1:])
        shown = run_in_terminal(
            command, (100, 40), environment=runner.environment, directory=runner.directory
        )
        assert shape(step.output) in shape("\n".join(shown.lines)), shown.text
    elif step.words[0] == "runner":
        runner(*step.words[1:])
    else:
        assert step.words[0] == "python", step.words
        command = [sys.executable, *step.words[1:]]
        subprocess.run(command, cwd=runner.directory, check=True, timeout=60)


def look(runner: Runner) -> None:
    """Open the live page and end it with Ctrl-C; its usual port may be another process's."""
    process, page = start_page(runner.directory, unused_port())
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0, page.log.read_text()


def test_the_tutorial_leads_to_a_confirmed_winner_with_explanations(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    try:
        for step in steps():
            follow(runner, step)
    finally:
        runner("down")
    race = runner.json("report", "2")["race"]
    assert race["confirmed"] is not None
    store = sqlite3.connect(tmp_path / "results" / "runner.db")
    assert store.execute("SELECT count(*) FROM explanations").fetchone() == (2,)
    assert json.loads((tmp_path / "bundle" / "params.json").read_text())
    assert list((tmp_path / "results" / "reports").rglob("*.html"))
