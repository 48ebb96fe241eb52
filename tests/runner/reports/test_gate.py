"""A condition of --fail-if fails only where its whole interval is beyond the limit."""

import math
import re

import numpy as np
import pytest
from scipy.stats import norm, t

from runner.errors import InputError
from runner.reports.comparison.folds import fold_comparison_document, fold_measures
from runner.reports.comparison.trials import comparison_document, measures
from runner.reports.explanation import limited
from runner.reports.explanation.difference import difference_document
from runner.reports.explanation.pairs import WITH_INTERVAL
from runner.reports.gate import Measure, checked, read_limits
from runner.reports.records import CheckedCondition
from runner.store.engine import Store
from tests.runner.reports.explained import Weights, explained, weights
from tests.runner.reports.stored import evaluated, store_folds

NAMES = ["accuracy", "overlap"]


def outcome(condition: str, value: float | None, interval: list[float] | None) -> CheckedCondition:
    measure = Measure("accuracy", "the difference in accuracy", value, interval)
    [found] = checked(read_limits([condition], NAMES), [measure])
    return found


@pytest.mark.parametrize(
    ("condition", "interval", "expected"),
    [
        ("accuracy < -0.01", [-0.05, -0.02], "failed"),
        ("accuracy < -0.01", [-0.05, 0.02], "undecided"),
        ("accuracy < -0.01", [0.0, 0.02], "passed"),
        ("accuracy > 0.1", [0.11, 0.2], "failed"),
        ("accuracy > 0.1", [0.0, 0.2], "undecided"),
        ("accuracy > 0.1", [0.0, 0.09], "passed"),
        # An interval that ends at the limit.
        ("accuracy < 0.5", [0.4, 0.5], "undecided"),
        ("accuracy <= 0.5", [0.4, 0.5], "failed"),
        ("accuracy < 0.5", [0.5, 0.6], "passed"),
        ("accuracy <= 0.5", [0.5, 0.6], "undecided"),
        ("accuracy > 0.5", [0.5, 0.6], "undecided"),
        ("accuracy >= 0.5", [0.5, 0.6], "failed"),
        ("accuracy > 0.5", [0.4, 0.5], "passed"),
        ("accuracy >= 0.5", [0.4, 0.5], "undecided"),
        # An interval of one point, such as that of folds that all differ by the same amount.
        ("accuracy < 0.5", [0.4, 0.4], "failed"),
        ("accuracy < 0.5", [0.5, 0.5], "passed"),
    ],
)
def test_a_condition_fails_only_if_it_holds_in_the_whole_interval(
    condition: str, interval: list[float], expected: str
) -> None:
    found = outcome(condition, sum(interval) / 2, interval)
    assert (found.outcome, found.condition) == (expected, condition)
    assert "the difference in accuracy is" in found.reason
    assert ("cannot be decided" in found.reason) == (expected == "undecided")


@pytest.mark.parametrize(
    ("value", "interval", "reason"),
    [
        (None, None, "the difference in accuracy has no value"),
        (math.nan, [0.1, 0.2], "the difference in accuracy has no value"),
        (0.1, None, "the difference in accuracy is 0.1 and has no 95 % interval"),
        (0.1, [math.nan, math.nan], "the difference in accuracy is 0.1 and has no 95 % interval"),
        (0.1, [0.0, math.nan], "the difference in accuracy is 0.1 and has no 95 % interval"),
    ],
)
def test_without_an_interval_nothing_is_decided(
    value: float | None, interval: list[float] | None, reason: str
) -> None:
    found = outcome("accuracy < 0.9", value, interval)
    assert (found.outcome, found.reason, found.interval) == ("undecided", reason, None)
    assert found.value is None or found.value == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a name, one of"),
        ("accuracy", "a name, one of"),
        ("accuracy = 0.5", "a name, one of"),
        ("accuracy < 1 %", "a name, one of"),
        ("< 0.5", "a name, one of"),
        ("accuracy < 1%", "a finite number"),
        ("accuracy < nan", "a finite number"),
        ("accuracy < -inf", "a finite number"),
        ("accuracy << 0.5", "a name, one of"),
        ("accurcy < 0.5", "one of accuracy, overlap; did you mean 'accuracy'?"),
        ("p < 0.5", "one of accuracy, overlap"),
        ("accuracy < 0.5 \x1b[31m", "a name, one of"),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(text: str, expected: str) -> None:
    with pytest.raises(InputError, match=re.escape(expected)) as refused:
        read_limits(["accuracy<.5", text], NAMES)
    assert "--fail-if" in refused.value.what
    assert refused.value.what.isprintable()


def test_conditions_are_read_with_or_without_spaces() -> None:
    read = read_limits(["accuracy<-1e-2", " overlap  >=  .5 "], NAMES)
    assert [str(limit) for limit in read] == ["accuracy < -0.01", "overlap >= 0.5"]


def test_accuracy_is_that_of_the_second_trial_minus_that_of_the_first(
    sqlite_store: Store,
) -> None:
    labels = np.arange(200) % 2
    worse = np.where(np.arange(200) < 40, 1 - labels, labels)
    numbers = evaluated(sqlite_store, labels, labels), evaluated(sqlite_store, worse, labels)
    [measure] = measures(comparison_document(sqlite_store, numbers, "test"))
    assert measure.value == pytest.approx(-0.2)
    # Bonett and Price: Wald's interval with 1 added to each count of images that differ.
    only_first, only_second, count = 41, 1, 202
    mean = (only_second - only_first) / count
    error = np.sqrt(((only_first + only_second) / count - mean**2) / count)
    assert measure.interval == pytest.approx(norm.interval(0.95, mean, error))
    [back] = measures(comparison_document(sqlite_store, numbers[::-1], "test"))
    assert back.value == pytest.approx(0.2)
    same = evaluated(sqlite_store, labels, labels)
    [none] = measures(comparison_document(sqlite_store, (numbers[0], same), "test"))
    assert str(none.value) == "0.0"


def test_folds_are_compared_by_their_mean_accuracy(sqlite_store: Store) -> None:
    scores = [0.7, 0.8, 0.6, 0.9], [0.5, 0.7, 0.5, 0.6]
    numbers = [store_folds(sqlite_store, of, 4) for of in scores]
    document = fold_comparison_document(sqlite_store, (numbers[0], numbers[1]))
    [measure] = fold_measures(document)
    differences = np.subtract(scores[1], scores[0])
    error = differences.std(ddof=1) * np.sqrt(1 / 4 + 1 / 3)
    assert measure.value == pytest.approx(differences.mean())
    assert measure.interval == pytest.approx(t.interval(0.95, 3, differences.mean(), error))


def test_every_measure_of_explanations_has_an_interval_over_images(sqlite_store: Store) -> None:
    first: dict[int, dict[int, Weights | None]] = {n: {0: weights(0, 1, 2)} for n in range(4)}
    moved = [weights(0, 1, 2), weights(0, 1, 8), weights(0, 8, 9), weights(0, 1, 2, sign=-1)]
    second: dict[int, dict[int, Weights | None]] = {n: {0: of} for n, of in enumerate(moved)}
    numbers = explained(sqlite_store, first), explained(sqlite_store, second)
    document = difference_document(sqlite_store, numbers)
    found = {measure.name: measure for measure in limited.measures(document)}
    assert list(found) == list(WITH_INTERVAL)
    for name, measure in found.items():
        values = np.array([getattr(pair, name) for pair in document.pairs])
        error = values.std(ddof=1) / 2
        low, high = t.interval(0.95, 3, values.mean(), error)
        lowest = -1 if name == "rank_correlation" else 0
        assert measure.value == pytest.approx(values.mean())
        assert measure.interval == pytest.approx([max(lowest, low), min(1, high)])


def test_one_image_has_no_interval_and_decides_nothing(sqlite_store: Store) -> None:
    numbers = [explained(sqlite_store, {0: {0: weights(n)}}) for n in (0, 5)]
    document = difference_document(sqlite_store, (numbers[0], numbers[1]))
    limits = read_limits(["shared_weight < 1", "sign_flips > 0"], ["shared_weight", "sign_flips"])
    found = checked(limits, limited.measures(document))
    assert [condition.outcome for condition in found] == ["undecided", "undecided"]
