"""What Click finds in a command line is said as every other error, with what was meant."""

import subprocess
import sys
from pathlib import Path

import pytest

from runner.cli import main

Captured = pytest.CaptureFixture[str]


def refused(command: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> list[str]:
    """Run a command that is refused; return the three lines that it prints."""
    monkeypatch.setattr(sys, "argv", command.split())
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert [line.partition(": ")[0].strip() for line in lines] == ["error", "expected", "to fix it"]
    return [line.partition(": ")[2] for line in lines]


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        ("runner raport", "did you mean `runner report`?"),
        ("runner submit tran", "did you mean `runner submit train`?"),
        ("runner report --frmat json", "did you mean --format?"),
        ("runner submit tune --downsampel 0.1", "did you mean --downsample?"),
        ("runner report --format jsn", "did you mean json?"),
        ("runner submit tune --downsample 1 --method sobel", "did you mean sobol?"),
        ("runner submit train --param lrr=0.1", "did you mean 'lr'?"),
        ("runner submit train --param optimizer=adm", "did you mean optimizer=adam?"),
    ],
)
def test_what_was_meant_is_named(
    command: str, meant: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert refused(command, monkeypatch, capsys)[2] == meant


@pytest.mark.parametrize(
    ("command", "what", "expected"),
    [
        ("runner xyzzy", "`runner` has no command 'xyzzy'", "one of archive, cancel, "),
        ("runner submit evaluate", "missing option '--trial'", "--trial: "),
        ("runner pause", "missing argument 'EXPERIMENT'", "runner pause [OPTIONS] EXPERIMENT"),
        ("runner pause 1 2", "got unexpected extra argument (2)", "runner pause [OPTIONS]"),
        ("runner show", "name either a TRIAL or a job with --job, not both", "runner show"),
        ("runner report --top 0", "invalid value for '--top'", "--top: Show a leaderboard"),
        ("runner report --format", "option '--format' requires a", "a valid command line"),
    ],
)
def test_what_is_wrong_and_what_was_expected_is_said(
    command: str, what: str, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    said = refused(command, monkeypatch, capsys)
    assert said[0].startswith(what)
    assert said[1].startswith(expected)
    assert "`runner" in said[2]


def test_a_group_alone_prints_its_help(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(sys, "argv", ["runner", "submit"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("Usage: runner submit")


def test_a_name_where_a_trial_is_expected_says_that_trials_have_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    what, expected, _ = refused("runner show baseline", monkeypatch, capsys)
    assert what == "'baseline' is not the number of a trial"
    assert "only experiments have names" in expected


def test_a_tag_cannot_be_added_and_removed_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    what, _, _ = refused("runner edit 1 --tag x --tag y --untag x", monkeypatch, capsys)
    assert what == "--tag x cannot be combined with --untag x"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_an_error_and_no_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "runner", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: standard output cannot be written: No space left")
    assert "Traceback" not in ended.stderr
