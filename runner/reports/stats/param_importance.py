"""The importance of each param for a metric, and its correlation with the metric.

Each param is analysed separately. A numeric param with many values is binned into a few classes of
equal size; otherwise each trial would be its own class and would explain all of the variance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.params import ParamValue, ParamValues
from runner.reports.stats.uncertainty import explained_interval, f_test

INFLUENCE = ("param", "values", "importance", "interval", "p", "correlation")
INFLUENCES = (
    "importance: the share of the metric's variance that the param explains on its own, corrected"
    " for chance. interval: its 95 % interval, by the F distribution. p: the probability that any"
    " of these params has an importance this large by chance (F test, multiplied by the number of"
    " params). correlation: Pearson's, for numeric params. None of these values shows causation."
)

MOST_CLASSES = 5

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Influence:
    """The importance of a param for a metric; a value that is not defined is None."""

    param: str
    values: int
    importance: float | None
    interval: list[float] | None
    p: float | None
    correlation: float | None


def influence(params: Sequence[ParamValues], metric: Sequence[float]) -> list[Influence]:
    """Return the importance of each param that varies, in descending order."""
    scores = np.array(metric, np.float64)
    # What only some networks have explains nothing of the others.
    names = [name for name in differing(params) if all(name in row for row in params)]
    found = [_influence(name, [of[name] for of in params], scores, len(names)) for name in names]
    return sorted(found, key=lambda row: -(row.importance or 0))


def differing(params: Sequence[ParamValues]) -> list[str]:
    """Return the names of the params that vary."""
    names = dict.fromkeys(chain.from_iterable(params))
    return [name for name in names if len({row.get(name) for row in params}) > 1]


def _influence(name: str, values: list[ParamValue], scores: Numbers, tests: int) -> Influence:
    numbers = all(isinstance(value, int | float) for value in values)
    found = np.array(values, np.float64 if numbers else None)
    share, interval, p = importance(_classes(found) if numbers else found, scores)
    return Influence(
        param=name,
        values=len(np.unique(found)),
        importance=share,
        interval=interval,
        # Bonferroni correction: with more params, one of them is more likely large by chance.
        p=None if p is None else min(1.0, p * tests),
        correlation=correlation(found, scores) if numbers else None,
    )


def _classes(values: Numbers) -> NDArray[Any]:
    if len(np.unique(values)) <= MOST_CLASSES:
        return values
    edges = np.quantile(values, np.linspace(0, 1, MOST_CLASSES + 1)[1:-1])
    return np.searchsorted(edges, values, side="right")


def importance(
    classes: NDArray[Any], scores: Numbers
) -> tuple[float, list[float], float] | tuple[None, None, None]:
    """Return epsilon squared, its 95 % interval, and the p-value of the F test.

    Epsilon squared is the share of the metric's variance that a param explains, corrected for
    chance. All are None if there are not more trials than classes, if there is only one class, or
    if the metric does not vary.
    """
    names, members = np.unique(classes, return_inverse=True)
    left = len(scores) - len(names)
    total = float(((scores - scores.mean()) ** 2).sum())
    if left < 1 or len(names) < 2 or total == 0:
        return None, None, None
    means = np.bincount(members, scores) / np.bincount(members)
    within = float(((scores - means[members]) ** 2).sum())
    share = max(0.0, 1 - within / left / (total / (len(scores) - 1)))
    low, high = explained_interval(within / total, len(names) - 1, left)
    # The correction for chance can take the share out of it by a little.
    interval = [min(low, share), max(high, share)]
    return share, interval, f_test(within / total, len(names) - 1, left)


def correlation(values: Numbers, scores: Numbers) -> float | None:
    """Return Pearson's correlation; None if one of the two is constant."""
    if np.ptp(values) == 0 or np.ptp(scores) == 0:
        return None
    return float(np.corrcoef(values, scores)[0, 1])
