"""`runner diff` of several experiments tells what each has in common with the others."""

import csv
import io
import json

import pytest
from click.testing import CliRunner, Result

from runner.cli.compare import diff
from runner.errors import InputError
from runner.store.engine import Store
from tests.runner.reports.explained import explained, weights
from tests.runner.store.making import home_of, run

SAME, ELSEWHERE = weights(0, 1, 2, 3, 4), weights(5, 6, 7, 8, 9)


@pytest.fixture
def three(sqlite_store: Store) -> list[str]:
    """Offer three experiments; the last looks elsewhere, and its trial is the most accurate."""
    numbers = [
        explained(sqlite_store, {image: {0: values} for image in range(4)})
        for values in (SAME, SAME, ELSEWHERE)
    ]
    run(sqlite_store, "UPDATE trials SET val_accuracy = 0.1 * id")
    return [str(number) for number in numbers]


def call(store: Store, *arguments: str) -> Result:
    environment = {"RUNNER_DATABASE_URL": store.url, "RUNNER_HOME": home_of(store)}
    return CliRunner().invoke(diff, arguments, env=environment, catch_exceptions=False)


def test_each_experiment_has_its_accuracy_beside_what_it_has_in_common_with_the_others(
    sqlite_store: Store, three: list[str]
) -> None:
    document = json.loads(call(sqlite_store, *three, "--format", "json").stdout)
    first, second, third = map(int, three)
    rows = document["experiments"]
    assert [row["experiment"] for row in rows] == [third, second, first]
    assert [row["val_accuracy"] for row in rows] == pytest.approx([0.3, 0.2, 0.1])
    shared = {tuple(pair["experiments"]): pair["shared_weight"] for pair in document["pairs"]}
    assert shared[first, second] == pytest.approx(1)
    assert shared[first, third] == pytest.approx(shared[second, third])
    odd, *alike = (row["shared_weight"] for row in rows)
    assert odd == pytest.approx(shared[first, third])
    assert alike == pytest.approx([(1 + odd) / 2] * 2)
    assert document["shared_weight"] == pytest.approx((1 + 2 * odd) / 3)
    assert document["pictures"] == 4


def test_table_and_csv_have_the_pairs(sqlite_store: Store, three: list[str]) -> None:
    text = call(sqlite_store, *three).stdout
    assert "Shared weight of any two of 3 experiments, mean of 3 pairs on 4 images: 0." in text
    assert "Pairs of experiments" in text
    rows = list(csv.DictReader(io.StringIO(call(sqlite_store, *three, "--format", "csv").stdout)))
    assert [row["second_experiment"] for row in rows] == [three[1], three[2], three[2]]


def test_what_cannot_be_compared_is_refused(sqlite_store: Store, three: list[str]) -> None:
    apart = str(explained(sqlite_store, {50: {0: SAME}}))
    with pytest.raises(InputError, match=f"{three[0]}, {three[1]} and {apart} have no image in"):
        call(sqlite_store, three[0], three[1], apart)
    for arguments, words in (
        ((three[0],), "name two different experiments, or more"),
        ((three[0], three[1], three[0]), "name two different experiments, or more"),
        ((*three, "--fail-if", "overlap < 0.5"), "--fail-if can be used with two experiments only"),
    ):
        found = call(sqlite_store, *arguments)
        assert found.exit_code == 2
        assert words in found.stderr
