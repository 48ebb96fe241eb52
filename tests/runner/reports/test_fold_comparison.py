"""Two k-folds are compared fold by fold, and chance alone seldom passes for a difference."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, ttest_rel

from benchmarks.chance import equal_k_folds
from runner.errors import InputError
from runner.reports.comparison.folds import compared_folds, fold_comparison_document, fold_verdict
from runner.reports.comparison.view import fold_comparison_report
from runner.reports.output import Destination, write_report
from runner.reports.records import plain
from runner.reports.stats.uncertainty import fold_interval, fold_test, sign_test
from runner.store.engine import Store
from tests.runner.reports.stored import store_evaluation, store_folds

FIRST = [0.70, 0.72, 0.69, 0.71, 0.68]
SECOND = [0.65, 0.66, 0.64, 0.66, 0.64]


def test_settings_that_differ_on_every_fold_are_told_apart(store: Store) -> None:
    numbers = store_folds(store, FIRST, 5), store_folds(store, SECOND, 5)
    document = fold_comparison_document(store, numbers)
    assert document.difference == pytest.approx(0.05)
    assert (document.first_better, document.second_better) == (5, 0)
    assert document.sign_p == 2 / 2**5
    assert not document.noise
    said = f"Experiment {numbers[0]} is significantly better than experiment {numbers[1]}"
    assert said in fold_verdict(document)
    destination = Destination(None, Path())
    written = write_report(fold_comparison_report(document), "table", destination)
    assert fold_verdict(document) in (written.text or "")
    assert json.loads(json.dumps(plain(document), allow_nan=False)) == plain(document)


def test_settings_that_differ_by_noise_are_not(store: Store) -> None:
    numbers = store_folds(store, FIRST, 5), store_folds(store, FIRST[::-1], 5)
    document = fold_comparison_document(store, numbers)
    assert document.noise
    low, high = document.difference_interval
    assert low < 0 < high
    assert fold_verdict(document).startswith("Not significant")


def test_the_same_scores_are_no_difference() -> None:
    found = compared_folds(FIRST, FIRST)
    assert (found.difference, found.p, found.sign_p) == (0, 1, 1)


@pytest.mark.parametrize(
    ("folds", "changes", "said"),
    [
        (4, {}, "have different folds: 5 of shapes"),
        (5, {"labels": np.array([1] * 5 + [0] * 5)}, "have different folds"),
        (6, {}, "has results for 5 of 6 folds"),
    ],
)
def test_folds_that_are_not_the_same_or_not_all_there_are_refused(
    sqlite_store: Store, folds: int, changes: dict[str, NDArray[np.int64]], said: str
) -> None:
    one = store_folds(sqlite_store, FIRST, 5)
    other = store_folds(sqlite_store, SECOND[:folds], folds, **changes)
    with pytest.raises(InputError, match=said):
        fold_comparison_document(sqlite_store, (one, other))


def test_an_experiment_without_folds_is_refused(sqlite_store: Store) -> None:
    one = store_folds(sqlite_store, FIRST, 5)
    other = store_evaluation(sqlite_store)
    with pytest.raises(InputError, match=f"experiment {other} has no folds"):
        fold_comparison_document(sqlite_store, (one, other))


def test_the_t_is_scipy_s_but_for_what_folds_share() -> None:
    differences = np.subtract(FIRST, SECOND[::-1])
    paired = ttest_rel(FIRST, SECOND[::-1])
    # Nadeau and Bengio: the standard error is larger by this.
    factor = (1 + 5 / 4) ** 0.5
    low, high = fold_interval(differences.tolist())
    interval = paired.confidence_interval(0.95)
    assert high - low == pytest.approx((interval.high - interval.low) * factor)
    # Its interval ends at 0 exactly where its p is 0.05.
    edge = differences - low
    assert fold_test(edge.tolist()) == pytest.approx(0.05)
    assert fold_test(differences.tolist()) > paired.pvalue


@pytest.mark.parametrize("split", [(0, 0), (5, 0), (3, 11)])
def test_the_sign_test_is_the_exact_binomial_test(split: tuple[int, int]) -> None:
    expected = binomtest(split[0], sum(split)).pvalue if sum(split) else 1.0
    assert sign_test(*split) == pytest.approx(expected, rel=1e-9)


def test_of_1000_k_folds_of_equally_good_settings_at_most_5_of_100_are_called_different() -> None:
    shares = equal_k_folds()
    assert shares["corrected t"] <= 0.05
    assert shares["sign"] <= 0.05
    assert shares["held"] >= 0.93
    # What the correction is for.
    assert shares["plain t"] > 0.05
