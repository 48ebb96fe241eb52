"""Intervals of proportions and means, and tests of differences.

Most are in closed form, so that a table does not need to import SciPy. The tests compare the
results with SciPy.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb, hypot, lgamma, sqrt
from statistics import NormalDist, fmean, stdev

CONFIDENCE = 0.95
F_STEPS = 1001
F_WIDTH = 12
# Intervals are exact to 2 ** -16 of a share.
CROSSING_STEPS = 16
TINY = 1e-12
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def wilson(successes: int, count: int) -> list[float]:
    """Return the Wilson 95 % interval of a proportion."""
    share = successes / count
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    # Exact bounds, without rounding errors.
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == count else middle + half
    return [low, high]


def accuracy_interval(accuracy: float, images: int) -> list[float]:
    """Return the Wilson 95 % interval of an accuracy on a number of images."""
    return wilson(round(accuracy * images), images)


def known_interval(accuracy: float | None, images: int) -> list[float] | None:
    """Return the interval of an accuracy; None if it or the number of its images is not known."""
    return None if accuracy is None or not images else accuracy_interval(accuracy, images)


def repeats_interval(accuracies: Sequence[float], images: int) -> list[float]:
    """Return the 95 % interval of the accuracy of one more seed, given those on the same images.

    Wilson's interval of the mean covers the images, Student's t prediction interval the seed; their
    distances from the mean are added in squares (Zou and Donner 2008). Of one accuracy it is
    Wilson's, because nothing is known of other seeds.
    """
    mean = fmean(accuracies)
    low, high = accuracy_interval(mean, images)
    count = len(accuracies)
    if count == 1:
        return [low, high]
    half = student(count - 1) * stdev(accuracies) * sqrt(1 + 1 / count)
    return [max(0.0, mean - hypot(mean - low, half)), min(1.0, mean + hypot(high - mean, half))]


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the p-value of McNemar's exact test.

    The arguments are the numbers of images that only the first and only the second classified
    correctly.
    """
    return sign_test(only_first, only_second)


def sign_test(first: int, second: int) -> float:
    """Return the p-value of the two-sided exact sign test."""
    decided = first + second
    fewer = min(first, second)
    tail = sum(comb(decided, count) for count in range(fewer + 1))
    return min(1.0, float(Fraction(2 * tail, 2**decided)))


def paired_interval(only_first: int, only_second: int, images: int) -> list[float]:
    """Return the 95 % interval of the first accuracy minus the second, on the same images.

    This is Bonett and Price's interval: the Wald interval with 1 added to each of the two counts.
    """
    first, second, count = only_first + 1, only_second + 1, images + 2
    difference = (first - second) / count
    half = Z * sqrt((first + second) / count - difference**2) / sqrt(count)
    return [max(-1.0, difference - half), min(1.0, difference + half)]


def student(freedom: int) -> float:
    """Return the half-width of Student's t 95 % interval, in standard errors."""
    # This has no closed form. SciPy is imported only when it is needed.
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def mean_interval(values: Sequence[float]) -> list[float]:
    """Return Student's t 95 % interval of the mean of at least two values."""
    mean, half = fmean(values), student(len(values) - 1) * stdev(values) / sqrt(len(values))
    return [mean - half, mean + half]


def fold_interval(scores: Sequence[float]) -> list[float]:
    """Return Nadeau and Bengio's 95 % interval of the mean score of all folds.

    The training sets of the folds overlap, so an interval from their standard deviation alone
    would be too narrow.
    """
    folds, mean = len(scores), fmean(scores)
    half = student(folds - 1) * stdev(scores) * sqrt(1 / folds + 1 / (folds - 1))
    return [mean - half, mean + half]


def fold_test(differences: Sequence[float]) -> float:
    """Return the p-value of Nadeau and Bengio's corrected resampled t-test.

    The null hypothesis is that the mean difference of two sets of params on the same folds is 0.
    """
    from scipy.special import stdtr

    folds, mean, spread = len(differences), fmean(differences), stdev(differences)
    if spread == 0:
        return float(mean == 0)
    t = mean / (spread * sqrt(1 / folds + 1 / (folds - 1)))
    return float(2 * stdtr(folds - 1, -abs(t)))


def f_test(unexplained: float, classes: float, left: int) -> float:
    """Return the p-value of the F test of whether classes explain any of the variance.

    `unexplained` is the within-class share of the sum of squares; `classes` and `left` are the
    degrees of freedom between and within classes. The incomplete beta function is integrated
    numerically, with an angle as the variable.
    """
    import numpy as np

    most = np.arcsin(np.sqrt(min(unexplained, 1.0)))
    # Its heights are far from 0 only around this angle, within this width.
    peak = np.arctan2(np.sqrt(left), np.sqrt(classes))
    width = F_WIDTH / np.sqrt(left + classes)
    angle = np.linspace(max(0.0, min(most, peak) - width), min(most, peak + width), F_STEPS)
    powers = ((left - 1, np.sin(angle)), (classes - 1, np.cos(angle)))
    with np.errstate(divide="ignore"):
        logs = sum((power * np.log(base) for power, base in powers if power), np.zeros(F_STEPS))
    whole = lgamma(left / 2) + lgamma(classes / 2) - lgamma((left + classes) / 2)
    return min(1.0, float(2 * np.trapezoid(np.exp(logs - whole), angle)))


def explained_interval(unexplained: float, classes: int, left: int) -> list[float]:
    """Return the 95 % interval of the share of the variance that classes explain.

    Its ends are the shares for which the F test would find as little, or as much, by chance in
    2.5 % of cases (Steiger 2004), with Patnaik's approximation of the noncentral F distribution by
    a central one.
    """
    trials = classes + left + 1
    ratio = (1 - unexplained) / max(unexplained, TINY)

    def at_most(share: float) -> float:
        """Return the probability of explaining at most as much if this is the true share."""
        strength = trials * share / (1 - share)
        freedom = (classes + strength) ** 2 / (classes + 2 * strength)
        scaled = ratio * freedom / (classes + strength)
        return 1 - f_test(1 / (1 + scaled), freedom, left)

    return [_crossing(at_most, (1 + CONFIDENCE) / 2), _crossing(at_most, (1 - CONFIDENCE) / 2)]


def _crossing(falling: Callable[[float], float], wanted: float) -> float:
    """Return where a function of a share falls below a value; 0 if it is below from the start."""
    low, high = 0.0, 1.0
    for _ in range(CROSSING_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > wanted else (low, middle)
    return low


def is_noise(p: float) -> bool:
    """Return whether a p-value is not significant."""
    return p > 1 - CONFIDENCE
