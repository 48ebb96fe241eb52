"""Completion in shells: what is offered, quickly, with no word of an error."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert

from cifar_model.params import RULES
from runner.cli import cli
from runner.cli.completion import values
from runner.cli.completion.shells import VARIABLE, Bash
from runner.cli.completion.values import stored
from runner.reports import filters
from runner.store.engine import Store
from runner.store.schema import Experiment
from tests.pseudo_terminal import Terminal
from tests.runner.reports.stored import store_tune
from tests.runner.store.making import run

RUNNER = [sys.executable, "-P", "-m", "runner"]
MOST_SECONDS = values.MOST_SECONDS


@pytest.fixture(autouse=True)
def no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a store that does not answer in time not end the process of the tests."""
    monkeypatch.setattr(values, "MOST_SECONDS", 60)


def words_of(line: str) -> dict[str, str]:
    """Return the variables in which Bash hands over a line whose last word is completed."""
    words = ["runner", *line.split(" ")]
    # As Bash splits them: an = is a word of its own.
    for place, word in reversed(list(enumerate(words))):
        if "=" in word:
            name, _, value = word.partition("=")
            words[place : place + 1] = [name, "=", *([value] if value else [])]
    return {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}


def asked(home: Path, line: str, **variables: str) -> list[str]:
    """Return what the command offers to Bash for a line."""
    done = subprocess.run(
        RUNNER,
        env={
            **os.environ,
            "RUNNER_HOME": str(home),
            "_RUNNER_COMPLETE": "bash_complete",
            **words_of(line),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [offered.removeprefix("plain,") for offered in done.stdout.split()]


@pytest.fixture
def named(home_store: Store) -> Store:
    """Offer a store of two experiments, of which one has a name, and a trial."""
    store_tune(home_store, [[0.5]])
    second = store_tune(home_store, [[]])
    run(home_store, "UPDATE experiments SET name = 'first-look' WHERE id = :id", id=second)
    return home_store


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sub", ["submit"]),
        ("watch ", ["2", "1", "first-look"]),
        ("watch fi", ["first-look"]),
        ("cancel first-look --job ", ["2", "1"]),
        ("show ", ["1"]),
        ("compare 1 ", ["1"]),
        ("submit evaluate --trial ", ["1"]),
        ("submit evaluate --trial 1 --split v", ["validation"]),
        ("submit train --param opt", ["optimizer="]),
        ("submit train --param optimizer=", ["adam", "adamw", "nadam", "sgd", "rmsprop", "lion"]),
        ("submit train --param lr=0.1 --param optimizer=na", ["nadam"]),
        ("report --format js", ["json"]),
        ("report --format=js", ["json"]),
        ("report --where val_acc", ["val_accuracy="]),
        ("report --where optimizer=s", ["sgd"]),
        ("show 1 --columns val_acc", ["val_accuracy"]),
        ("report --columns lr,optim", ["lr,optimizer"]),
        ("completion z", ["zsh"]),
    ],
)
@pytest.mark.usefixtures("named")
def test_it_is_offered_what_fits(
    line: str, offered: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RUNNER_HOME": str(home), **words_of(line)}.items():
        monkeypatch.setenv(name, value)
    answer = Bash(cli, {}, "runner", VARIABLE).complete()
    assert answer.replace("plain,", "").split() == offered


@pytest.mark.usefixtures("named")
def test_the_command_offers_the_same_to_a_shell(home: Path) -> None:
    assert asked(home, "watch fi") == ["first-look"]
    assert asked(home, "submit train --param optimizer=na") == ["nadam"]


def test_without_a_store_nothing_is_offered_and_none_is_made(tmp_path: Path) -> None:
    home = tmp_path / "nothing"
    assert asked(home, "watch ") == []
    assert not home.exists()


@pytest.mark.parametrize("url", ["nonsense", "sqlite:///", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_store_that_cannot_be_read_is_no_error(tmp_path: Path, url: str) -> None:
    assert asked(tmp_path, "watch ", RUNNER_DATABASE_URL=url) == []


def test_a_file_that_is_no_store_is_no_error_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "runner.db").write_text("not a database")
    assert asked(tmp_path, "show ") == []
    assert (tmp_path / "runner.db").read_text() == "not a database"


def test_the_stored_numbers_are_read_quickly_also_of_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"kind": "tune", "seed": 1, "configuration": {}, "provenance": {}}
    with store.write() as connection:
        connection.execute(insert(Experiment), [row] * 5_000)
    monkeypatch.setenv("RUNNER_DATABASE_URL", store.url)
    began = time.monotonic()
    found = stored("experiment", "")
    assert time.monotonic() - began < MOST_SECONDS
    assert len(found) == 200
    numbers = [int(item.value) for item in found]
    assert numbers == sorted(numbers, reverse=True)


def test_a_store_that_does_not_answer_ends_the_process(tmp_path: Path) -> None:
    program = (
        "import time, runner.store.peek as peek\n"
        "peek.newest = lambda url, what: time.sleep(60)\n"
        "from runner.cli.completion.values import stored\n"
        "stored('trial', ''); print('late')"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "RUNNER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - began < 30


def test_every_name_that_a_condition_can_have_is_offered() -> None:
    assert {*values.METRICS, *values.LABELS, *RULES} == set(filters.NAMES)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_every_shell_is_printed(shell: str) -> None:
    printed = CliRunner().invoke(cli, ["completion", shell], catch_exceptions=False).output
    assert f"_RUNNER_COMPLETE={shell}_complete" in printed


@pytest.mark.usefixtures("named")
def test_bash_completes_what_a_person_types(home: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("runner")
    (tmp_path / "rc").write_text(f'PS1="> "\neval "$({program} completion bash)"\necho ready\n')
    environment = {"RUNNER_HOME": str(home), "PATH": f"{program.parent}:{os.environ['PATH']}"}
    bash = ["bash", "--noprofile", "--rcfile", str(tmp_path / "rc"), "-i"]
    with Terminal(bash, environment=environment) as terminal:
        terminal.until("ready\n")
        for typed, completed in {
            "runner wat": "watch ",
            "runner watch fir": "first-look ",
            "runner submit train --param opti": "optimizer=",
            "runner submit train --param optimizer=na": "optimizer=nadam ",
        }.items():
            terminal.forget()
            terminal.type(f"{typed}\t".encode())
            terminal.until(f"{typed.rsplit(' ', 1)[0]} {completed}")
            terminal.type(b"\x15")
