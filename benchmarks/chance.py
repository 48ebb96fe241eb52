"""How often chance alone is called a difference, and how often an interval holds the truth.

`python -m benchmarks.chance` simulates comparisons in which nobody is better, with fixed seeds, and
prints what the tests in tests/runner/reports keep within bounds.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel

from cifar_model.grid import PAPER_GRID, sample
from runner.reports.comparison.folds import compared_folds
from runner.reports.stats.param_importance import influence
from runner.reports.stats.ranking import effective
from runner.reports.stats.selection_bias import Chance, Repeats
from runner.reports.stats.uncertainty import accuracy_interval, is_noise, mcnemar, paired_interval

REPETITIONS, PICTURES = 1000, 1000

FOLDS, ROWS = 10, 200
HELD_OUT = np.arange(ROWS) // (ROWS // FOLDS) == np.arange(FOLDS)[:, None]


def called_different(only_one: float) -> float:
    """Return the share of McNemar's tests that tell two equally good trials apart.

    The trials differ on this share of the images.
    """
    shares = [0.7 - only_one / 2, only_one / 2, only_one / 2, 0.3 - only_one / 2]
    draws = np.random.default_rng(1).multinomial(PICTURES, shares, 5 * REPETITIONS).tolist()
    different = [not is_noise(mcnemar(first, second)) for _, first, second, _ in draws]
    return sum(different) / len(different)


def wilson_holds(accuracy: float) -> float:
    """Return the share of Wilson's intervals that hold the accuracy they are of."""
    right = np.random.default_rng(0).binomial(PICTURES, accuracy, REPETITIONS)
    intervals = [accuracy_interval(count / PICTURES, PICTURES) for count in right]
    return sum(low <= accuracy <= high for low, high in intervals) / REPETITIONS


def paired_holds() -> float:
    """Return the share of intervals of a difference on the same images that hold it."""
    draws = np.random.default_rng(3).multinomial(PICTURES, [0.65, 0.12, 0.08, 0.15], REPETITIONS)
    intervals = [paired_interval(first, second, PICTURES) for _, first, second, _ in draws.tolist()]
    return sum(low <= 0.04 <= high for low, high in intervals) / REPETITIONS


def equal_k_folds() -> dict[str, float]:
    """Return the shares of k-folds of equally good learners that each test tells apart.

    The two learners are real ones that see other columns of the same rows: by symmetry neither is
    better. `held` is the share of intervals of their difference that hold 0.
    """
    random = np.random.default_rng(4)
    counts = {"corrected t": 0, "sign": 0, "plain t": 0, "held": 0}
    for _ in range(REPETITIONS):
        labels = random.random(ROWS) < 0.5
        rows = random.normal(size=(ROWS, 4)) + 0.5 * labels[:, None]
        first, second = (_scores(rows[:, at : at + 2], labels) for at in (0, 2))
        found = compared_folds(first, second)
        low, high = found.difference_interval
        counts["held"] += low <= 0 <= high
        counts["corrected t"] += not found.noise
        counts["sign"] += not is_noise(found.sign_p)
        counts["plain t"] += bool(ttest_rel(first, second).pvalue <= 0.05)
    return {name: count / REPETITIONS for name, count in counts.items()}


def equal_trials(trials: int, seeds: float) -> dict[str, float]:
    """Return what is said of trials that differ by their seeds only, and what is so.

    `seeds` is the standard deviation of their true accuracies. The repeats that measure it are the
    trials themselves, as after `submit train --repeats`.
    """
    random = np.random.default_rng(5)
    counts = {"told apart": 0.0, "told apart by images alone": 0.0, "best less mean": 0.0}
    counts |= {"luck": 0.0, "luck of images alone": 0.0}
    for _ in range(REPETITIONS):
        found = random.binomial(PICTURES, random.normal(0.7, seeds, trials)) / PICTURES
        measured = Chance(trials, Repeats(float(found.var(ddof=1)), trials - 1))
        images = Chance(trials, Repeats())
        first, last = float(found.max()), float(found.min())
        counts["told apart"] += not measured.is_noise(first, last, PICTURES)
        counts["told apart by images alone"] += not images.is_noise(first, last, PICTURES)
        counts["best less mean"] += first - float(found.mean())
        counts["luck"] += measured.expected_max_gain(first, PICTURES)
        counts["luck of images alone"] += images.expected_max_gain(first, PICTURES)
    return {name: count / REPETITIONS for name, count in counts.items()}


def useless_params(repetitions: int = REPETITIONS) -> dict[str, float]:
    """Return how often a param of the paper's 16 points seems to matter where none does."""
    points = [effective(point) for point in sample(PAPER_GRID, 0.01, "uniform_mersenne", 0)]
    random = np.random.default_rng(6)
    counts = {"an importance above 0.2": 0, "a p of 0.05 or less": 0}
    for _ in range(repetitions):
        rows = influence(points, random.normal(0.6, 0.05, len(points)).tolist())
        counts["an importance above 0.2"] += (rows[0].importance or 0) > 0.2
        counts["a p of 0.05 or less"] += min(row.p for row in rows if row.p is not None) <= 0.05
    return {name: count / repetitions for name, count in counts.items()}


def _scores(rows: NDArray[np.float64], labels: NDArray[np.bool_]) -> list[float]:
    """Return the accuracy on each fold of the nearest mean, learned from the others."""
    scores = []
    for held_out in HELD_OUT:
        yes, no = (rows[~held_out & of].mean(axis=0) for of in (labels, ~labels))
        distance = rows[held_out] @ (yes - no) - (yes @ yes - no @ no) / 2
        scores.append(float(((distance > 0) == labels[held_out]).mean()))
    return scores


def main() -> None:
    for only_one in (0.05, 0.2, 0.42):
        print(f"McNemar, {only_one:.0%} decide: {called_different(only_one):.2%} called different")
    for accuracy in (0.1, 0.64, 0.97):
        print(f"Wilson, accuracy {accuracy}: {wilson_holds(accuracy):.1%} hold the truth")
    print(f"difference on the same images: {paired_holds():.1%} hold the truth")
    for name, share in equal_k_folds().items():
        print(f"{FOLDS}-folds, {name}: {share:.1%}")
    for seeds in (0.0, 0.03):
        for name, found in equal_trials(12, seeds).items():
            print(f"12 equal trials, seeds spread by {seeds}, {name}: {found:.4f}")
    for name, share in useless_params().items():
        print(f"16 points, no param matters, {name}: {share:.1%}")


if __name__ == "__main__":
    main()
