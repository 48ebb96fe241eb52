"""Race points over seeds: which stay in, which are behind, and how sure that is.

All points that are in the race are trained with one more seed at a time, and compared on the same
seeds. A point is dropped as soon as the interval of the leader's advantage over it excludes 0. The
intervals are repeated confidence intervals of a group sequential design (Jennison and Turnbull,
1989): the largest number of seeds is fixed before, and their bounds are wide enough that one may
look after every seed. They assume that the differences between two points are independent from seed
to seed and normally distributed; with Bonferroni's correction, the best of all points is dropped
with a probability of 5 % at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

CONFIDENCE = 0.95
FEWEST_SEEDS, MOST_SEEDS = 3, 20

# The two-sided 0.5 % points of Student's t with 2 to 19 degrees of freedom: the shape of the bound.
SHAPE = (
    *(14.089, 7.453, 5.598, 4.773, 4.317, 4.029, 3.833, 3.690, 3.581),
    *(3.497, 3.428, 3.372, 3.326, 3.286, 3.252, 3.222, 3.197, 3.174),
)
PATHS = 200_000

# Why a race ended.
CONFIRMED, SEEDS, BUDGET = "confirmed", "seeds", "budget"

# A score for each point and seed, by their places; None for a training that failed.
Scores = Mapping[tuple[int, int], float | None]


@dataclass(frozen=True, slots=True)
class Design:
    """What is fixed before a race: epochs of each point, seeds, bounds, and a budget of epochs.

    `bounds` has for each number of seeds, from FEWEST_SEEDS on, half the width of an interval in
    standard errors.
    """

    epochs: Sequence[int]
    seeds: int
    bounds: Sequence[float]
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class Margin:
    """How far a point is behind another over the seeds of both; the interval may not be known."""

    behind: int
    seeds: int
    advantage: float
    interval: tuple[float, float] | None

    @property
    def is_certain(self) -> bool:
        """Return whether the interval excludes 0."""
        return self.interval is not None and self.interval[0] > 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a race stands: who is in it, the best first, and what has to be trained next.

    `ended_by` is None until it has ended. A point whose training failed is out.
    """

    seeds: int
    racing: list[int]
    margins: Mapping[int, Margin] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)
    wanted: list[tuple[int, int]] = field(default_factory=list)
    ended_by: str | None = None

    @property
    def confirmed(self) -> int | None:
        """Return the point that is better than all others; None while nothing stands out."""
        return self.racing[0] if self.ended_by == CONFIRMED else None

    @property
    def nearest(self) -> Margin | None:
        """Return the smallest margin behind the leader; one dropped earlier had fewer seeds."""
        latest = (margin for margin in self.margins.values() if margin.seeds == self.seeds)
        return min(latest, key=lambda margin: margin.advantage, default=None)


def bounds(points: int, seeds: int) -> list[float]:
    """Return half the widths of the intervals, in standard errors, for 3, 4, ... seeds.

    Of two equally good points with normally distributed differences, the interval excludes 0 at any
    of its seeds with a probability of 5 %, divided by the number of rivals.
    """
    import numpy as np

    looks = np.arange(FEWEST_SEEDS, seeds + 1)
    shape = np.array(SHAPE[: len(looks)])
    drawn = np.random.default_rng(0).standard_normal((PATHS, seeds))
    sums, squares = drawn.cumsum(axis=1)[:, looks - 1], (drawn**2).cumsum(axis=1)[:, looks - 1]
    variances = (squares - sums**2 / looks) / (looks - 1)
    largest = (np.abs(sums) / np.sqrt(variances * looks) / shape).max(axis=1)
    scale = np.quantile(largest, 1 - (1 - CONFIDENCE) / (points - 1))
    return [round(float(bound), 4) for bound in scale * shape]


def race(scores: Scores, design: Design) -> Standing:
    """Return how a race stands; it looks only at seeds that all points in it have, in their order.

    Larger scores are better.
    """
    racing = list(range(len(design.epochs)))
    margins: dict[int, Margin] = {}
    failed: list[int] = []
    spent = 0
    for seed in range(design.seeds):
        cost = sum(design.epochs[point] for point in racing)
        if design.budget is not None and spent + cost > design.budget:
            return Standing(seed, racing, margins, failed, ended_by=BUDGET)
        spent += cost
        missing = [(point, seed) for point in racing if (point, seed) not in scores]
        if missing:
            return Standing(seed, racing, margins, failed, missing)
        failed += [point for point in racing if scores[point, seed] is None]
        racing = [point for point in racing if point not in failed]
        racing, margins = _after(scores, design, seed + 1, racing, margins)
        if len(racing) < 2:
            # Where others failed, the last one was not compared with them.
            ended_by = SEEDS if failed or not racing else CONFIRMED
            return Standing(seed + 1, racing, margins, failed, ended_by=ended_by)
    return Standing(design.seeds, racing, margins, failed, ended_by=SEEDS)


def _after(
    scores: Scores,
    design: Design,
    seeds: int,
    racing: Sequence[int],
    margins: Mapping[int, Margin],
) -> tuple[list[int], dict[int, Margin]]:
    """Return who stays in after so many seeds, best first, and how far others are behind."""
    from statistics import fmean

    values = {point: _values(scores, point, seeds) for point in racing}
    ordered = sorted(racing, key=lambda point: (-fmean(values[point]), point))
    found = {point: margin for point, margin in margins.items() if point not in racing}
    for point in ordered[1:]:
        found[point] = _margin(design, ordered[0], values[ordered[0]], values[point])
    stay = [point for point in ordered if point not in found or not found[point].is_certain]
    return stay, found


def _values(scores: Scores, point: int, seeds: int) -> list[float]:
    values = [scores[point, seed] for seed in range(seeds)]
    return [value for value in values if value is not None]


def _margin(design: Design, leader: int, first: Sequence[float], second: Sequence[float]) -> Margin:
    # Here, for it takes longer to import than this module, whose constants every command reads.
    from statistics import fmean, stdev

    differences = [one - other for one, other in zip(first, second, strict=True)]
    seeds, advantage = len(differences), fmean(differences)
    spread = stdev(differences) if seeds >= FEWEST_SEEDS else 0.0
    if not spread:
        # Too few seeds, or a difference that is the same with each: its variation is not known.
        return Margin(leader, seeds, advantage, None)
    half = design.bounds[seeds - FEWEST_SEEDS] * spread / sqrt(seeds)
    return Margin(leader, seeds, advantage, (advantage - half, advantage + half))
