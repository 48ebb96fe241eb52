"""The best of many equal trials is lucky by as much as is said, and is not called better."""

import numpy as np
import pytest
from scipy.stats import beta, norm

from benchmarks.chance import equal_trials, useless_params
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.experiment.view import report_parts
from runner.reports.leaderboard import leaderboard_document
from runner.reports.model import Note
from runner.reports.stats.selection_bias import Chance, Repeats, largest_normal, largest_range
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope
from tests.runner.reports.stored import store_repeats, store_tune

# Images alone would spread such accuracies of 10 validation images by 0.16.
SEEDS = [0.9, 0.1, 0.9, 0.1, 0.9]


@pytest.mark.parametrize("count", [2, 3, 6, 12, 1000])
def test_the_expected_largest_is_exact(count: int) -> None:
    # Order statistics: the share of it that is below the largest is distributed as beta.
    expected = beta(count, 1).expect(norm.ppf)
    assert largest_normal(count) == pytest.approx(expected, rel=1e-5)


def test_one_trial_is_not_lucky() -> None:
    assert Chance(1, Repeats()).expected_max_gain(0.7, 1000) == 0


@pytest.mark.parametrize(
    ("count", "freedom", "expected"),
    # What scipy.stats.studentized_range.ppf(0.95, count, freedom) gives, in a second for each.
    [(2, None, 2.77181), (12, 11, 5.71301), (16, 1, 56.3202), (100_000, 20, 11.99959)],
)
def test_the_largest_range_is_tukeys(count: int, freedom: int | None, expected: float) -> None:
    assert largest_range(count, freedom) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("seeds", [0.0, 0.03])
def test_trials_that_differ_by_their_seeds_only_are_not_told_apart(seeds: float) -> None:
    found = equal_trials(12, seeds)
    assert found["told apart"] <= 0.06
    assert found["luck"] == pytest.approx(found["best less mean"], rel=0.1)


def test_images_alone_are_a_lower_bound_where_seeds_matter() -> None:
    found = equal_trials(12, 0.03)
    assert found["told apart by images alone"] > 0.5
    assert found["luck of images alone"] < 0.6 * found["best less mean"]


def test_a_param_that_does_not_matter_seldom_gets_a_small_p() -> None:
    found = useless_params(300)
    assert found["an importance above 0.2"] > 0.3
    assert 0.03 <= found["a p of 0.05 or less"] <= 0.07


def notes(document: ExperimentDocument) -> str:
    return " ".join(part.text for part in report_parts(document, []) if isinstance(part, Note))


def test_without_repeats_luck_is_said_to_be_a_lower_bound(store: Store) -> None:
    document = report_document(store, store_tune(store, [[0.9], [0.8], [0.1]]))
    winner = document.winner
    assert winner is not None
    assert (winner.counts_seeds, winner.seed_spread) == (False, None)
    said = notes(document)
    words = (
        "a lower bound: this includes the noise of images but not of seeds; use --repeats to"
        " measure the noise of seeds"
    )
    assert said.count(words) == 2
    assert "chance alone" not in said


def test_with_repeats_seeds_are_counted_in_reports_and_leaderboards(store: Store) -> None:
    document = report_document(store, store_repeats(store, SEEDS))
    winner, spread = document.winner, float(np.std(SEEDS, ddof=1))
    assert winner is not None
    assert winner.seed_spread == pytest.approx(spread)
    assert winner.seed_freedom == 4
    assert winner.expected_max_gain == pytest.approx(largest_normal(5) * spread)
    assert [trial.noise for trial in document.trials] == [None, True, True, True, True]
    said = notes(document)
    assert "this includes the noise of images and of seeds" in said
    assert "lower bound" not in said
    # The same seed again is the same trial again, and no repeat.
    store_repeats(store, SEEDS)
    leader = leaderboard_document(store, Scope(), "val_accuracy", 20).winner
    assert leader is not None
    assert leader.seed_spread == pytest.approx(spread)
    assert leader.seed_freedom == 4
