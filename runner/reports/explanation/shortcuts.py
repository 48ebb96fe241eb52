"""Find regions that support one class wherever its objects are: a shortcut that was learned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_model.explanation import coarse
from runner.reports.records import Interval
from runner.reports.stats.uncertainty import CONFIDENCE, wilson
from runner.store.engine import Connection
from runner.store.queries import explanations
from runner.store.queries.explanations import Wanted

# A class with fewer explanations is not tested, and the others together need as many.
FEWEST = 5

# A region is reported only if it supports more than half of the explanations of its class, and at
# least four times as large a share as of the other classes: both beyond the 95 % intervals. Smaller
# differences are significant too, such as how often the shape of a class fills a part of the image.
# docs/explanations.md has the measurement that these come from.
SHARE, TIMES = 0.5, 4

ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")

Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A fixed region that supports the explanations of one class and hardly any of the others.

    `top`, `left`, `bottom` and `right` are the sides of the region, from 0 to 1. `supported` counts
    the explanations of the class that the strongest cell of the region supports. `p` is Fisher's
    exact p-value, times the number of tests.
    """

    class_: str
    place: str
    top: float
    left: float
    bottom: float
    right: float
    supported: int
    explanations: int
    supported_others: int
    explanations_others: int
    share_interval: Interval
    others_interval: Interval
    p: float

    def words(self) -> str:
        """Return a sentence that names the region and its counts."""
        return (
            f"{self.class_}: the region at the {self.place} supports {self.supported:,} of"
            f" {self.explanations:,} explanations of {self.class_} and {self.supported_others:,} of"
            f" {self.explanations_others:,} of the others"
        )


def shortcuts_of(
    connection: Connection, experiment: int, classes: list[str]
) -> list[Shortcut] | None:
    """Return the shortcuts that an experiment's explanations show, the clearest first.

    None if no class has enough explanations. Only explanations of the predicted class count, so
    that each image counts once; void ones have no regions.
    """
    wanted = Wanted(experiment, None, None, None, {})
    masks: dict[str, list[bytes]] = {}
    for row in explanations.masks(connection, wanted, {experiment: classes}):
        if row.label == row.predicted_label:
            masks.setdefault(classes[row.label], []).append(row.mask)
    return find_shortcuts(masks)


def find_shortcuts(masks: Mapping[str, Sequence[bytes]]) -> list[Shortcut] | None:
    """Return the shortcuts by the coarse masks of each class; None if no class can be tested."""
    total = sum(map(len, masks.values()))
    tested = [name for name, of in masks.items() if min(len(of), total - len(of)) >= FEWEST]
    if not tested:
        return None
    speaking = {name: coarse.counts(of)[0] for name, of in masks.items() if of}
    everywhere = np.sum(list(speaking.values()), axis=0)
    tests = len(tested) * everywhere.size
    found = [
        shortcut
        for name in tested
        for shortcut in _regions(
            name, _Counts(speaking[name], len(masks[name]), everywhere, total), tests
        )
    ]
    return sorted(found, key=lambda shortcut: shortcut.p)


@dataclass(frozen=True, eq=False)
class _Counts:
    """How many explanations each cell supports: those of a class, and all."""

    of_class: NDArray[np.int64]
    class_total: int
    everywhere: NDArray[np.int64]
    total: int

    @property
    def of_others(self) -> NDArray[np.int64]:
        """Return how many explanations of the other classes each cell supports."""
        return self.everywhere - self.of_class

    @property
    def others_total(self) -> int:
        """Return the number of explanations of the other classes."""
        return self.total - self.class_total

    def large(self) -> Cells:
        """Return the cells whose effect is large enough to be reported."""
        of_class, of_others = (
            counts.ravel().tolist() for counts in (self.of_class, self.of_others)
        )
        low = np.array([wilson(count, self.class_total)[0] for count in of_class])
        high = np.array([wilson(count, self.others_total)[1] for count in of_others])
        large: Cells = (low > SHARE) & (low > TIMES * high)
        return large.reshape(self.of_class.shape)

    def p_values(self, cells: Cells) -> NDArray[np.float64]:
        """Return Fisher's exact one-sided p-value of each of these cells."""
        # SciPy's import takes a second, which reports without a candidate do not need.
        from scipy.stats import hypergeom

        successes = self.of_class[cells] - 1
        p: NDArray[np.float64] = hypergeom.sf(
            successes, self.total, self.everywhere[cells], self.class_total
        )
        return p


def _regions(name: str, counts: _Counts, tests: int) -> Iterator[Shortcut]:
    """Yield the connected regions of the cells that go with a class."""
    large = counts.large()
    if not large.any():
        return
    from scipy.ndimage import label

    p = np.ones(large.shape)
    p[large] = np.minimum(1, counts.p_values(large) * tests)
    regions, count = label(p <= 1 - CONFIDENCE)
    for number in range(1, count + 1):
        yield _shortcut(name, counts, p, regions == number)


def _shortcut(name: str, counts: _Counts, p: NDArray[np.float64], region: Cells) -> Shortcut:
    """Return what is reported of a region: its place, and the numbers of its strongest cell."""
    rows, columns = np.nonzero(region)
    best = np.argmin(p[rows, columns])
    cell = rows[best], columns[best]
    supported, others = int(counts.of_class[cell]), int(counts.of_others[cell])
    middles = [float(np.mean(of) + 0.5) / coarse.GRID for of in (rows, columns)]
    return Shortcut(
        class_=name,
        place=_place(*middles),
        top=float(rows.min() / coarse.GRID),
        left=float(columns.min() / coarse.GRID),
        bottom=float((rows.max() + 1) / coarse.GRID),
        right=float((columns.max() + 1) / coarse.GRID),
        supported=supported,
        explanations=counts.class_total,
        supported_others=others,
        explanations_others=counts.others_total,
        share_interval=wilson(supported, counts.class_total),
        others_interval=wilson(others, counts.others_total),
        p=float(p[cell]),
    )


def _place(row: float, column: float) -> str:
    """Return the place of a point in words, such as "top left"; both numbers are from 0 to 1."""
    names = ROWS[min(int(3 * row), 2)], COLUMNS[min(int(3 * column), 2)]
    if names == ("middle", "centre"):
        return "centre"
    return " ".join(names)
