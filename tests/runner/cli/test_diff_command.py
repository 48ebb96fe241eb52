"""`runner diff` shows the same difference in every form."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.cli.compare import diff
from runner.errors import InputError
from runner.store.engine import Store
from tests.runner.reports.explained import Weights, explained, weights
from tests.runner.reports.stored import CLASSES, SHOWN_DATASET
from tests.runner.store.making import home_of

REFERENCE = Path(__file__).parents[3] / "docs" / "json.md"


@pytest.fixture
def pair(sqlite_store: Store) -> list[str]:
    """Offer two experiments; one image of the first class has moved, one of the other is void."""
    same = weights(0, 1, 2, 3, 4)
    first = explained(sqlite_store, {0: {0: same}, 1: {0: same}, 3: {0: same}})
    moved: dict[int, dict[int, Weights | None]] = {1: {0: same}, 3: {0: None}}
    moved[0] = {0: weights(0, 1, 7, 8, 9)}
    return [str(first), str(explained(sqlite_store, moved))]


def call(store: Store, *arguments: str) -> Result:
    environment = {"RUNNER_DATABASE_URL": store.url, "RUNNER_HOME": home_of(store)}
    return CliRunner().invoke(diff, arguments, env=environment, catch_exceptions=False)


def test_the_table_names_the_class_that_changed_most_and_the_data(
    sqlite_store: Store, pair: list[str]
) -> None:
    text = call(sqlite_store, *pair).stdout
    assert f"Class {CLASSES[0]} changed most: shared weight 0." in text
    assert SHOWN_DATASET in text
    assert "WARNING: pairs that were not compared: void 1." in text
    assert "images are in both experiments; different settings: trial" in text


def test_json_has_every_picture_and_every_field_is_documented(
    sqlite_store: Store, pair: list[str]
) -> None:
    document = json.loads(call(sqlite_store, *pair, "--format", "json").stdout)
    assert [row["overlap"] for row in document["pairs"]] == [0.25, 1.0, None]
    rows: list[dict[str, Any]] = [document]
    rows += [document[name][0] for name in ("experiments", "classes", "pairs")]
    reference = REFERENCE.read_text()
    assert [name for row in rows for name in row if f"\n| `{name}` |" not in reference] == []


def test_csv_has_a_row_for_each_picture(sqlite_store: Store, pair: list[str]) -> None:
    text = call(sqlite_store, *pair, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["overlap"] for row in rows] == ["0.25", "1.0", ""]
    assert [row["left_out"] for row in rows] == ["", "", "void"]
    assert (rows[2]["first_verdict"], rows[2]["second_verdict"]) == ("sound", "void")
    assert [rows[0]["first_experiment"], rows[0]["second_experiment"]] == pair
    assert rows[0]["dataset"] == "shapes (built in)"


def test_markdown_and_pages_are_written_where_they_are_asked_for(
    sqlite_store: Store, pair: list[str], tmp_path: Path
) -> None:
    for form, head in (("markdown", "# Explanations of experiments"), ("html", "<!DOCTYPE html>")):
        out = tmp_path / f"difference.{form}"
        done = call(sqlite_store, *pair, "--format", form, "--out", str(out))
        assert done.stdout == ""
        assert f"written: {out}" in done.stderr
        assert out.read_text().startswith(head)


def test_an_experiment_is_not_compared_with_itself(sqlite_store: Store, pair: list[str]) -> None:
    done = call(sqlite_store, pair[0], pair[0])
    assert done.exit_code == 2
    assert "name two different experiments" in done.stderr


def test_a_condition_about_a_measure_ends_with_exit_code_1(
    sqlite_store: Store, pair: list[str]
) -> None:
    failed = call(sqlite_store, *pair, "--fail-if", "rank_correlation > -2", "--format", "junit")
    assert failed.exit_code == 1
    assert "failed: rank_correlation > -2.0: the mean rank_correlation of" in failed.stderr
    assert 'failures="1"' in failed.stdout
    passed = call(sqlite_store, *pair, "--fail-if", "shared_weight < 0")
    assert (passed.exit_code, passed.stderr) == (0, "")
    undecided = call(sqlite_store, *pair, "--fail-if", "shared_weight < 0.9")
    assert undecided.exit_code == 0
    assert "so this cannot be decided" in undecided.stderr


def test_a_condition_about_no_measure_is_refused_with_the_names_there_are(
    sqlite_store: Store, pair: list[str]
) -> None:
    with pytest.raises(InputError, match="shared_weight, overlap, rank_correlation, sign_flips"):
        call(sqlite_store, *pair, "--fail-if", "accuracy < 0.5")
    assert call(sqlite_store, *pair, "--format", "junit").exit_code == 2
