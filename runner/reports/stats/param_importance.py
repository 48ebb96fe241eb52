"""What the params of trials have to do with a metric: the importance and the correlation of each.

Each param is looked at alone. Numbers, where there are many, are put into a few classes of equal
size, else every trial would be a class of its own and explain itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.params import ParamValue, ParamValues
from runner.reports.stats.uncertainty import f_test

INFLUENCE = ("param", "values", "importance", "p", "correlation")
INFLUENCES = (
    "importance: the share of the metric's variance that a param explains alone, less what chance"
    " would. p: how likely chance gives any of these params so much (F test, multiplied by the"
    " number of params). correlation: Pearson's, of params that are numbers. None says why."
)

MOST_CLASSES = 5

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Influence:
    """What a param has to do with a metric; None where that cannot be said."""

    param: str
    values: int
    importance: float | None
    p: float | None
    correlation: float | None


def influence(params: Sequence[ParamValues], metric: Sequence[float]) -> list[Influence]:
    """Return what each param that differs has to do with a metric, the most important first."""
    scores = np.array(metric, np.float64)
    names = differing(params)
    found = [_influence(name, [of[name] for of in params], scores, len(names)) for name in names]
    return sorted(found, key=lambda row: -(row.importance or 0))


def differing(params: Sequence[ParamValues]) -> list[str]:
    """Return the names of the params that are not the same in all."""
    names = params[0] if params else ()
    return [name for name in names if any(row[name] != params[0][name] for row in params)]


def _influence(name: str, values: list[ParamValue], scores: Numbers, tests: int) -> Influence:
    numbers = all(isinstance(value, int | float) for value in values)
    found = np.array(values, np.float64 if numbers else None)
    share, p = importance(_classes(found) if numbers else found, scores)
    return Influence(
        param=name,
        values=len(np.unique(found)),
        importance=share,
        # The more params are looked at, the more likely it is that chance alone lets one stand out.
        p=None if p is None else min(1.0, p * tests),
        correlation=correlation(found, scores) if numbers else None,
    )


def _classes(values: Numbers) -> NDArray[Any]:
    if len(np.unique(values)) <= MOST_CLASSES:
        return values
    edges = np.quantile(values, np.linspace(0, 1, MOST_CLASSES + 1)[1:-1])
    return np.searchsorted(edges, values, side="right")


def importance(classes: NDArray[Any], scores: Numbers) -> tuple[float, float] | tuple[None, None]:
    """Return the share of the metric's variance that a param explains, less what chance would.

    Epsilon squared, and beside it the p of the F test: how often chance explains as much. Both
    None where there are not more trials than classes, one class only, or nothing to explain.
    """
    names, members = np.unique(classes, return_inverse=True)
    left = len(scores) - len(names)
    total = float(((scores - scores.mean()) ** 2).sum())
    if left < 1 or len(names) < 2 or total == 0:
        return None, None
    means = np.bincount(members, scores) / np.bincount(members)
    within = float(((scores - means[members]) ** 2).sum())
    share = max(0.0, 1 - within / left / (total / (len(scores) - 1)))
    return share, f_test(within / total, len(names) - 1, left)


def correlation(values: Numbers, scores: Numbers) -> float | None:
    """Return Pearson's correlation; None where one of the two is the same everywhere."""
    if np.ptp(values) == 0 or np.ptp(scores) == 0:
        return None
    return float(np.corrcoef(values, scores)[0, 1])
