"""`runner compare`, as a person and as a program calls it."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from runner.cli.compare import compare
from runner.store.engine import Store
from tests.runner.reports.stored import COMMAND, SHOWN_DATASET, evaluated, store_folds

LABELS = np.arange(40) % 2


def call(home: Path, *arguments: object, code: int = 0) -> Result:
    environment = {"RUNNER_HOME": str(home), "RUNNER_DATABASE_URL": ""}
    done = CliRunner().invoke(compare, [str(one) for one in arguments], env=environment)
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
