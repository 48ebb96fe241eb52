"""How much is noise: intervals of proportions, and tests of whether two of them differ.

Mostly in closed form, so that a table costs no import of SciPy; the tests compare with it.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import comb, exp, lgamma, sqrt
from statistics import NormalDist, fmean, stdev

import numpy as np

CONFIDENCE = 0.95
F_STEPS = 4001
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def wilson(successes: int, count: int) -> list[float]:
    """Return the ends of the Wilson 95 % interval of a proportion."""
    share = successes / count
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    # The ends are exact where rounding would leave a last bit.
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == count else middle + half
    return [low, high]


def accuracy_interval(accuracy: float, images: int) -> list[float]:
    """Return the Wilson interval of an accuracy, which is a share of so many images."""
    return wilson(round(accuracy * images), images)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the p of McNemar's exact test: how likely chance alone splits them so or worse.

    The two numbers count the images that one was right about and the other was not.
    """
    return sign_test(only_first, only_second)


def sign_test(first: int, second: int) -> float:
    """Return the p of the exact sign test: how likely a fair coin falls so unevenly or more."""
    decided = first + second
    fewer = min(first, second)
    tail = sum(comb(decided, count) for count in range(fewer + 1))
    return min(1.0, float(Fraction(2 * tail, 2**decided)))


def paired_interval(only_first: int, only_second: int, images: int) -> list[float]:
    """Return the 95 % interval of the first's accuracy less the second's, on the same images.

    Bonett and Price's: Wald's, with one image more in each of the two counts.
    """
    first, second, count = only_first + 1, only_second + 1, images + 2
    difference = (first - second) / count
    half = Z * sqrt((first + second) / count - difference**2) / sqrt(count)
    return [max(-1.0, difference - half), min(1.0, difference + half)]


def student(freedom: int) -> float:
    """Return how many standard errors Student's 95 % interval reaches to either side."""
    # The one formula that is not closed, and wanted only where something is repeated.
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def mean_interval(values: Sequence[float]) -> list[float]:
    """Return Student's 95 % interval of the mean of two values or more."""
    mean, half = fmean(values), student(len(values) - 1) * stdev(values) / sqrt(len(values))
    return [mean - half, mean + half]


def fold_interval(scores: Sequence[float]) -> list[float]:
    """Return the 95 % interval of the mean score of folds that were all trained and scored.

    Nadeau and Bengio's: folds share most of what they are trained on, so their spread alone would
    promise too much.
    """
    folds, mean = len(scores), fmean(scores)
    half = student(folds - 1) * stdev(scores) * sqrt(1 / folds + 1 / (folds - 1))
    return [mean - half, mean + half]


def fold_test(differences: Sequence[float]) -> float:
    """Return the p of Nadeau and Bengio's corrected resampled t that a mean difference is 0.

    The differences are of two settings on the folds of one k-fold, of which the interval above is.
    """
    from scipy.special import stdtr

    folds, mean, spread = len(differences), fmean(differences), stdev(differences)
    if spread == 0:
        return float(mean == 0)
    t = mean / (spread * sqrt(1 / folds + 1 / (folds - 1)))
    return float(2 * stdtr(folds - 1, -abs(t)))


def f_test(unexplained: float, classes: int, left: int) -> float:
    """Return the p of the F test that classes explain nothing of a variance.

    `unexplained` is the share of the squares within classes; the degrees of freedom are those of
    the classes and what is left. The incomplete beta function, integrated over an angle.
    """
    angle = np.linspace(0, np.arcsin(np.sqrt(min(unexplained, 1.0))), F_STEPS)
    heights = np.sin(angle) ** (left - 1) * np.cos(angle) ** (classes - 1)
    whole = lgamma(left / 2) + lgamma(classes / 2) - lgamma((left + classes) / 2)
    return min(1.0, float(2 * np.trapezoid(heights, angle) * exp(-whole)))


def is_noise(p: float) -> bool:
    """Tell whether chance alone often enough does as much."""
    return p > 1 - CONFIDENCE
