"""The selection bias of the best of many trials, caused by seeds and by the sampling of images.

The effect of seeds is estimated from params that were trained with several seeds. Without such
repeats only the images are included, which gives a lower bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import erf, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from runner.reports.stats.repeats import Group
from runner.reports.stats.uncertainty import CONFIDENCE

# Normal deviates beyond Z_ENDS are negligible, even among 100,000.
Z_ENDS, Z_STEP = 9.0, 0.02

LOWER_BOUND = (
    "a lower bound: this includes the noise of images but not of seeds; use --repeats to measure"
    " the noise of seeds"
)


@dataclass(frozen=True, slots=True)
class Repeats:
    """The pooled variance between seeds of the same params, and its degrees of freedom."""

    variance: float = 0.0
    freedom: int = 0


def pooled(repeats: Sequence[Group]) -> Repeats:
    """Return the variance between seeds, pooled over several sets of params."""
    freedom = sum(len(repeat.trials) - 1 for repeat in repeats)
    if freedom == 0:
        return Repeats()
    squares = sum((len(repeat.trials) - 1) * (repeat.spread or 0) ** 2 for repeat in repeats)
    return Repeats(squares / freedom, freedom)


@dataclass(frozen=True, slots=True)
class Chance:
    """The effect of chance among a number of equally good trials.

    Repeats of the same params on the same images differ by their seeds and by the images that only
    one of them classifies correctly, so their variance includes both. The binomial variance of the
    images is used if it is larger.
    """

    trials: int
    repeats: Repeats

    def expected_max_gain(self, accuracy: float, images: int) -> float:
        """Return by how much the best is expected to exceed the mean of all trials."""
        by_image = accuracy * (1 - accuracy) / images
        return largest_normal(self.trials) * sqrt(max(by_image, self.repeats.variance))

    def is_noise(
        self, first: float, second: float, images: int, sizes: tuple[int, int] = (1, 1)
    ) -> bool:
        """Return whether an accuracy is not significantly different from the best.

        This is Tukey's range test: among equally good trials, a larger difference between any two
        occurs 5 % of the time. `sizes` has the number of trials of which each is the mean (Tukey
        and Kramer); all were scored on the same images, so the noise of images stays.
        """
        mean, freedom = (first + second) / 2, self.repeats.freedom
        reach = largest_range(self.trials) * sqrt(mean * (1 - mean) / images)
        if freedom:
            variance = self.repeats.variance * (1 / sizes[0] + 1 / sizes[1]) / 2
            seeds = largest_range(self.trials, freedom) * sqrt(variance)
            reach = max(reach, seeds)
        return abs(first - second) <= reach


@cache
def largest_normal(count: int) -> float:
    """Return the expected maximum of `count` independent standard normal deviates."""
    if count < 2:
        return 0.0
    return float(count * Z_STEP * (Z * DENSITY * BELOW ** (count - 1)).sum())


@cache
def largest_range(count: int, freedom: int | None = None) -> float:
    """Return Tukey's q: the 95 % quantile of the range of `count` normal deviates.

    It is in units of the standard deviation, which is known, or estimated with `freedom` degrees
    of freedom.
    """
    low, high = 0.0, 1e5
    while high - low > 1e-5 * high:
        middle = (low + high) / 2
        share = _range_within(max(count, 2), middle, freedom)
        low, high = (middle, high) if share < CONFIDENCE else (low, middle)
    return high


def _range_within(count: int, reach: float, freedom: int | None) -> float:
    """Return the probability that the range of `count` deviates is at most `reach`."""
    if freedom is None:
        scales, weights = np.ones(1), np.ones(1)
    else:
        scales, weights = _estimated_scales(freedom)
    ends = np.minimum(Z[:, None] + reach * scales, Z_ENDS)
    others = np.interp(ends, Z, BELOW) - BELOW[:, None]
    within = count * Z_STEP * (DENSITY[:, None] * others ** (count - 1)).sum(axis=0)
    return float((weights * within).sum() / weights.sum())


@cache
def _estimated_scales(freedom: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return estimates of a standard deviation of 1, and the relative likelihood of each."""
    # Logarithmic spacing, because with one degree of freedom estimates near 0 are not rare.
    logs = np.linspace(-12, 3, 201) / sqrt(freedom)
    scales = np.exp(logs)
    heights = freedom * (logs - scales**2 / 2)
    return scales, np.exp(heights - heights.max())


Z = np.arange(-Z_ENDS, Z_ENDS + Z_STEP / 2, Z_STEP)
DENSITY = np.exp(-(Z**2) / 2) / sqrt(2 * pi)
BELOW = np.array([(1 + erf(z / sqrt(2))) / 2 for z in Z])
