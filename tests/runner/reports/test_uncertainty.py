"""What is called a difference is one: the formulas are SciPy's, and chance alone seldom passes."""

import numpy as np
import pytest
from scipy.stats import binomtest, f

from benchmarks.chance import called_different, wilson_holds
from runner.reports.stats.selection_bias import Chance, Repeats
from runner.reports.stats.uncertainty import (
    accuracy_interval,
    f_test,
    is_noise,
    mcnemar,
    repeats_interval,
    wilson,
)

REPETITIONS = 1000

TWO = Chance(2, Repeats())


@pytest.mark.parametrize(
    ("right", "count"), [(0, 10), (7, 10), (10, 10), (640, 1000), (9_950, 10_000)]
)
def test_the_interval_is_scipy_s(right: int, count: int) -> None:
    expected = binomtest(right, count).proportion_ci(0.95, method="wilson")
    assert wilson(right, count) == pytest.approx([expected.low, expected.high], abs=1e-12)


@pytest.mark.parametrize("split", [(0, 0), (0, 6), (3, 11), (50, 50), (700, 800)])
def test_mcnemar_s_p_is_that_of_the_exact_binomial_test(split: tuple[int, int]) -> None:
    expected = binomtest(split[0], sum(split)).pvalue if sum(split) else 1.0
    assert mcnemar(*split) == mcnemar(*reversed(split)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("value", "classes", "left"),
    [(0.0, 1, 14), (3.7, 1, 14), (4.0, 4, 11), (0.3, 3, 1), (12.0, 1, 1), (9.0, 4, 1995)],
)
def test_the_p_of_an_importance_is_that_of_the_f_test(
    value: float, classes: int, left: int
) -> None:
    unexplained = 1 / (1 + value * classes / left)
    expected = float(f.sf(value, classes, left))
    assert f_test(unexplained, classes, left) == pytest.approx(expected, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("accuracy", [0.1, 0.64, 0.97])
def test_the_interval_holds_the_truth_as_often_as_it_says(accuracy: float) -> None:
    assert 0.93 <= wilson_holds(accuracy) <= 0.97


@pytest.mark.parametrize(("seeds", "spread"), [(2, 0.02), (5, 0.005), (5, 0.03), (30, 0.01)])
def test_the_interval_over_seeds_holds_the_accuracy_of_another_seed(
    seeds: int, spread: float
) -> None:
    images, truth = 2000, 0.75
    random = np.random.default_rng(1)
    held = 0
    for _ in range(REPETITIONS):
        # What the images add is the same for all seeds, which are scored on the same ones.
        on_images = random.binomial(images, truth) / images
        low, high = repeats_interval([*random.normal(on_images, spread, seeds)], images)
        held += low <= random.normal(truth, spread) <= high
    # The sum of squares is a little too wide where both parts count.
    assert 0.93 <= held / REPETITIONS <= 0.98
    assert repeats_interval([truth], images) == accuracy_interval(truth, images)


@pytest.mark.parametrize("only_one", [0.05, 0.2, 0.42])
def test_chance_alone_is_called_a_difference_in_at_most_5_of_100_cases(only_one: float) -> None:
    assert called_different(only_one) <= 0.05
    # Two equally good trials on 1,000 images: right both, only one of them, or none.
    shares = [0.7 - only_one / 2, only_one / 2, only_one / 2, 0.3 - only_one / 2]
    draws = np.random.default_rng(1).multinomial(1000, shares, 5 * REPETITIONS).tolist()
    unpaired = sum(
        not TWO.is_noise((both + first) / 1000, (both + second) / 1000, 1000)
        for both, first, second, _ in draws
    )
    # 0.42 is what two trials have that know nothing of each other; others are judged strictly.
    assert unpaired / len(draws) <= (0.055 if only_one == 0.42 else 0.01)


def test_a_difference_that_is_there_is_seen() -> None:
    assert not is_noise(mcnemar(30, 80))
    assert not TWO.is_noise(0.80, 0.75, 10_000)
    assert TWO.is_noise(0.80, 0.795, 1_000)
