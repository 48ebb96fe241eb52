"""`runner compare`, as a person and as a program calls it."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner, Result

from runner.cli.compare import compare
from runner.errors import InputError
from runner.store.engine import Store
from tests.runner.reports.stored import COMMAND, SHOWN_DATASET, evaluated, store_folds

LABELS = np.arange(40) % 2


def call(home: Path, *arguments: object, code: int = 0, catch: bool = True) -> Result:
    environment = {"RUNNER_HOME": str(home), "RUNNER_DATABASE_URL": ""}
    words = [str(one) for one in arguments]
    done = CliRunner().invoke(compare, words, env=environment, catch_exceptions=catch)
    assert done.exit_code == code, done.output
    return done


def test_two_trials_as_table_json_and_page(home: Path, home_store: Store) -> None:
    trials = evaluated(home_store, LABELS, LABELS), evaluated(home_store, 0 * LABELS, LABELS)
    assert "significantly better" in call(home, *trials).stdout
    document = json.loads(call(home, *trials, "--format", "json").stdout)
    assert [trial["confusion"] for trial in document["trials"]] == [
        [[20, 0], [0, 20]],
        [[20, 0], [20, 0]],
    ]
    done = call(home, *trials, "--format", "html")
    page = home / "reports" / f"compare-{trials[0]}-{trials[1]}" / "report.html"
    assert f"written: {page}" in done.stderr
    text = page.read_text()
    first, second = trials
    again = f"drawn by: runner compare {first} {second} --split test --format html"
    assert text.count(again) == text.count("<img") == 3
    difference = f"trial {first} minus trial {second} on the test split"
    for shown in (difference, SHOWN_DATASET, COMMAND):
        assert shown in text


def test_two_k_folds_as_table_json_and_page(home: Path, home_store: Store, tmp_path: Path) -> None:
    numbers = [store_folds(home_store, [0.7, 0.5 + n / 10, 0.6], 3) for n in range(2)]
    text = call(home, *numbers, "--folds").stdout
    assert "Not significant" in text
    assert "it assumes that the differences of the folds are normally distributed" in text
    out = tmp_path / "folds.json"
    call(home, *numbers, "--folds", "--format", "json", "--out", out)
    document = json.loads(out.read_text())
    assert document["differences"] == pytest.approx([0, -0.1, 0])
    call(home, *numbers, "--folds", "--format", "html", "--out", tmp_path / "folds.html")
    assert COMMAND in (tmp_path / "folds.html").read_text()


def test_what_makes_no_sense_is_refused(home: Path) -> None:
    assert "two different trials" in call(home, 1, 1, code=2).stderr
    assert "two different experiments" in call(home, 1, 1, "--folds", code=2).stderr
    assert (
        "cannot be combined with --split"
        in call(home, 1, 2, "--folds", "--split", "test", code=2).stderr
    )


def two_trials(store: Store) -> tuple[int, int]:
    """Return a trial that is right about all images, and one that is right about half of them."""
    return evaluated(store, LABELS, LABELS), evaluated(store, 0 * LABELS, LABELS)


def test_a_condition_that_fails_ends_with_exit_code_1_and_one_line(
    home: Path, home_store: Store
) -> None:
    better, worse = two_trials(home_store)
    done = call(home, better, worse, "--fail-if", "accuracy < -0.01", code=1)
    assert "significantly better" in done.stdout
    [line] = done.stderr.splitlines()
    assert line.startswith(
        f"failed: accuracy < -0.01: the difference in accuracy (trial {worse} minus trial"
        f" {better}) is -0.5 (95 % interval: -0."
    )
    assert call(home, worse, better, "--fail-if", "accuracy < -0.01").stderr == ""


def test_a_condition_that_cannot_be_decided_is_reported_and_does_not_fail(
    home: Path, home_store: Store
) -> None:
    done = call(home, *two_trials(home_store), "--fail-if", "accuracy < -0.5")
    [line] = done.stderr.splitlines()
    assert line.startswith("undecided: accuracy < -0.5: ")
    assert line.endswith("the interval contains -0.5, so this cannot be decided")


def test_every_condition_is_checked_and_one_that_fails_is_enough(
    home: Path, home_store: Store
) -> None:
    trials, given = two_trials(home_store), ("accuracy < -0.9", "accuracy<-0.5", "accuracy < 0")
    asked = [word for condition in given for word in ("--fail-if", condition)]
    done = call(home, *trials, *asked, "--format", "json", code=1)
    found = json.loads(done.stdout)["conditions"]
    assert [(one["condition"], one["outcome"]) for one in found] == [
        ("accuracy < -0.9", "passed"),
        ("accuracy < -0.5", "undecided"),
        ("accuracy < 0.0", "failed"),
    ]
    assert {one["value"] for one in found} == {-0.5}
    assert len(done.stderr.splitlines()) == 2


def test_junit_has_a_test_case_for_each_condition(
    home: Path, home_store: Store, tmp_path: Path
) -> None:
    trials, out = two_trials(home_store), tmp_path / "junit.xml"
    asked = ("--fail-if", "accuracy < 0", "--fail-if", "accuracy < -0.9", "--format", "junit")
    call(home, *trials, *asked, "--out", out, code=1)
    text = out.read_text()
    assert call(home, *trials, *asked, code=1).stdout == text
    suite = ET.fromstring(text)[0]  # noqa: S314 (our own)
    assert [case.get("name") for case in suite] == ["accuracy < 0.0", "accuracy < -0.9"]
    assert [case.find("failure") is not None for case in suite] == [True, False]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_k_folds_have_conditions_too(home: Path, home_store: Store) -> None:
    scores = [0.7, 0.72, 0.71, 0.69, 0.7], [0.5, 0.51, 0.52, 0.5, 0.49]
    numbers = [store_folds(home_store, of, 5) for of in scores]
    done = call(home, *numbers, "--folds", "--fail-if", "accuracy < -0.1", code=1)
    assert f"experiment {numbers[1]} minus experiment {numbers[0]}) is -0.2 (" in done.stderr
    junit = ("--folds", "--fail-if", "accuracy < -0.3", "--format", "junit")
    assert '<testcase classname="runner.compare.' in call(home, *numbers, *junit).stdout


def test_a_condition_is_refused_before_anything_is_read(home: Path) -> None:
    asked = (1, 2, "--fail-if")
    for condition in ("difference < 0", "accuracy", "accuracy < x"):
        with pytest.raises(InputError, match="--fail-if"):
            call(home, *asked, condition, catch=False)
    assert "give one" in call(home, 1, 2, "--format", "junit", code=2).stderr
