"""Grids of params and the points of them that Talos samples."""

import math
import random
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from cifar_model.errors import InputError
from cifar_model.networks.network import PAPER, Network
from cifar_model.params import RULES, Json, check_value, rules_of
from cifar_model.rules import Rule
from cifar_model.spaces.space import (
    Candidates,
    Conditional,
    Grid,
    ParameterError,
    Range,
    applies,
    candidates_of,
    entry_to_json,
    in_order,
    parents_in_order,
    range_values,
    read_entry,
)

# A list holds values; a tuple is Talos's (start, end, steps), end excluded. 1600 points: the most
# economical reading of the paper's figure 5, not the only one. The sample depends on the order of
# keys and values, so neither may change.
PAPER_GRID: dict[str, Any] = {
    "lr": [0.001],
    "batch_size": (30, 50, 20),
    "epochs": (5, 10, 5),
    "dropout": [0.2],
    "optimizer": ["adam", "nadam"],
    "losses": ["logcosh", "categorical_crossentropy"],
    "activation": ["relu", "elu"],
    "last_activation": ["sigmoid", "softmax"],
}

# A first look at what matters most: 12 points of the paper's network.
SMALL_GRID: Grid = {
    "lr": [0.0003, 0.001, 0.003],
    "batch_size": [32, 64],
    "epochs": [5],
    "optimizer": ["adam", "sgd"],
    "momentum": Conditional([0.9], {"optimizer": ["sgd"]}),
    "batch_norm_momentum": [0.9],
}

# Everything that training and the paper's network have, for samplers: it has no last point.
WIDE_GRID: Grid = {
    "lr": Range(1e-4, 3e-2, log=True),
    "batch_size": Range(16, 256, step=16),
    "epochs": [10],
    "dropout": Range(0.0, 0.4),
    "optimizer": ["adam", "adamw", "nadam", "sgd"],
    "momentum": Conditional(Range(0.5, 0.95), {"optimizer": ["sgd"]}),
    "weight_decay": Conditional(Range(1e-4, 1e-1, log=True), {"optimizer": ["adamw"]}),
    "activation": ["relu", "elu"],
    "augmentation": ["none", "paper", "crop_flip"],
    "schedule": ["constant", "cosine", "one_cycle"],
    "filters": Range(16, 64, step=16),
    "batch_norm_momentum": [0.9],
}

GRIDS: Mapping[str, Grid] = {"paper": PAPER_GRID, "small": SMALL_GRID, "wide": WIDE_GRID}

# Talos's samplers that ask no remote service. A seed decides uniform_mersenne and the Latin ones;
# sobol, halton and korobov_matrix are one sequence, whatever the seed; uniform_crypto draws from
# the system's entropy, so that only what is stored can repeat it.
METHODS = (
    "uniform_mersenne",
    "uniform_crypto",
    "sobol",
    "halton",
    "korobov_matrix",
    "latin_matrix",
    "latin_improved",
    "latin_sudoku",
)

MAX_POINTS = 10_000_000
MAX_TRIALS = 100_000
MAX_BRANCHES = 10_000

# The values of every parameter that a point has, where conditions have been decided.
Branch = dict[str, list[Json]]


def given_grid(values: Mapping[str, Any]) -> Grid:
    """Check a grid that is given as what a grid file contains; a tuple is a range, as in Talos."""
    if not values:
        raise InputError(
            "the grid is empty", "a list of values per parameter", "give at least one parameter"
        )
    return {name: read_entry(name, _as_in_a_file(value)) for name, value in values.items()}


def _as_in_a_file(value: Any) -> Any:
    """Return a value as JSON has it: arrays of NumPy are lists, its numbers are Python's."""
    if isinstance(value, tuple):
        return {"range": [_as_in_a_file(item) for item in value]}
    if isinstance(value, Mapping):
        return {name: _as_in_a_file(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_in_a_file(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


def grid_to_json(grid: Grid) -> dict[str, Json]:
    """Return a grid in the form that a grid file has."""
    return {name: entry_to_json(entry) for name, entry in grid.items()}


def checked_values(grid: Grid, rules: Mapping[str, Rule] = RULES) -> dict[str, list[Json] | None]:
    """Return the values of every parameter, or None if there are infinitely many.

    Raises InputError if any value or condition of the grid is not valid.
    """
    values = {name: _values(name, candidates_of(entry), rules) for name, entry in grid.items()}
    _check_conditions(grid, values, rules)
    return values


def is_finite(grid: Grid, rules: Mapping[str, Rule] = RULES) -> bool:
    """Return whether a grid has a last point; raise InputError if a value in it is not valid."""
    return None not in checked_values(grid, rules).values()


def count_points(grid: Grid, rules: Mapping[str, Rule] = RULES) -> int:
    """Count the points of the whole grid; raise InputError if any value in it is not valid."""
    points = ends_of(branches(grid, rules))[-1]
    if points > MAX_POINTS:
        raise InputError(
            f"the grid has {points:,} points",
            f"at most {MAX_POINTS:,}",
            "give fewer values, or only one value for a parameter",
        )
    return points


def branches(grid: Grid, rules: Mapping[str, Rule]) -> list[Branch]:
    """Return the plain grids that a grid consists of: one for each way its conditions turn out."""
    values = {name: _finite(name, found) for name, found in checked_values(grid, rules).items()}
    decided: list[Branch] = [{}]
    for parent in parents_in_order(grid):
        decided = [
            {**branch, parent: [value]} if value_applies else branch
            for branch in decided
            for value, value_applies in _options(grid[parent], branch, values[parent])
        ]
        if len(decided) > MAX_BRANCHES:
            raise ParameterError(
                parent,
                f"the conditions of the grid can turn out in more than {MAX_BRANCHES:,} ways",
                "fewer values of the parameters that conditions name",
                f"give fewer values of {parent}",
            )
    return [
        {
            name: branch.get(name, values[name])
            for name, entry in grid.items()
            if applies(entry, _point(branch))
        }
        for branch in decided
    ]


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a grid as plain JSON, made when they are asked for: 100,000 fill the memory."""

    branches: list[Branch]
    ends: list[int]
    positions: Sequence[int]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.positions)

    def __getitem__(self, place: int, /) -> dict[str, Json]:
        """Return one of them."""
        return point_at(self.branches, self.ends, self.positions[place])

    def __iter__(self) -> Iterator[dict[str, Json]]:
        """Yield all of them."""
        return (self[place] for place in range(len(self)))


def sample(
    grid: Grid, downsample: float, method: str, seed: int, network: Network = PAPER
) -> Points:
    """Return the params of the points that Talos samples, in its order.

    Without conditions they are those of Talos's ParamSpace. All values are checked, but not yet
    whether those of a point fit together.
    """
    from talos.reducers.sample_reducer import sample_reducer

    found = branches(grid, rules_of(network))
    ends = ends_of(found)
    check_downsample(downsample, count_points(grid, rules_of(network)))
    positions = array("q", sample_reducer(float(downsample), ends[-1], method, seed))
    return Points(found, ends, positions)


def draw(
    grid: Grid, rules: Mapping[str, Rule], count: int, chance: random.Random
) -> Iterator[dict[str, Json]]:
    """Yield random points of a grid, which may have infinitely many."""
    values = checked_values(grid, rules)
    order = in_order(grid)
    for _ in range(count):
        point: dict[str, Json] = {}
        for name in order:
            if applies(grid[name], point):
                listed = values[name]
                candidates = candidates_of(grid[name])
                if listed is not None:
                    point[name] = chance.choice(listed)
                elif isinstance(candidates, Range):
                    point[name] = _between(candidates, chance.random())
        yield {name: point[name] for name in grid if name in point}


def _between(given: Range, share: float) -> float:
    if given.log:
        return given.low * math.exp(share * math.log(given.high / given.low))
    return given.low + share * (given.high - given.low)


def point_at(found: list[Branch], ends: list[int], index: int) -> dict[str, Json]:
    """Return a point by its position: the last parameter changes first, as in Talos."""
    number = bisect_right(ends, index)
    index -= ends[number - 1] if number else 0
    row: dict[str, Json] = {}
    for name, values in reversed(found[number].items()):
        index, position = divmod(index, len(values))
        row[name] = values[position]
    return dict(reversed(row.items()))


def ends_of(found: list[Branch]) -> list[int]:
    """Return how many points there are up to the end of each branch."""
    return list(accumulate(math.prod(map(len, branch.values())) for branch in found))


def _point(branch: Branch) -> dict[str, Json]:
    return {name: values[0] for name, values in branch.items()}


def _options(
    entry: Candidates | Conditional, branch: Branch, values: list[Json]
) -> list[tuple[Json, bool]]:
    """Return the values that a parent can have in a branch; one without effect has none."""
    if not applies(entry, _point(branch)):
        return [(None, False)]
    return [(value, True) for value in values]


def _finite(name: str, values: list[Json] | None) -> list[Json]:
    if values is None:
        raise ParameterError(
            name,
            f"the range of {name} has infinitely many values, of which a grid cannot be made",
            "a list of values, or a range with a step",
            f"give {name} a step, or choose another way to search: --search random --trials 60",
        )
    return values


def _values(name: str, candidates: Candidates, rules: Mapping[str, Rule]) -> list[Json] | None:
    if isinstance(candidates, Range):
        return range_values(name, candidates, rules)
    return listed_values(name, candidates, rules)


def listed_values(
    name: str, candidates: list[Json] | tuple[float, float, int], rules: Mapping[str, Rule]
) -> list[Json]:
    """Return the values of a list or of a range of Talos's, checked."""
    found = candidates if isinstance(candidates, list) else range_of_talos(*candidates)
    plain = [_typed(candidates, _plain(name, value, rules)) for value in found]
    try:
        for value in plain:
            check_value(name, value, rules)
    except InputError as error:
        raise ParameterError(name, error.what, error.expected, error.fix) from error
    return plain


def range_of_talos(start: float, end: float, steps: int) -> list[Json]:
    """Return the values of a range as Talos has them.

    Its `talos.parameters.ParamSpace` imports pandas, a third of the time of `runner submit tune`.
    """
    import numpy as np

    values = np.arange(start, end, (end - start) / steps, dtype=float)
    if isinstance(start, int) and isinstance(end, int):
        values = np.unique(values.astype(int))
    found: list[Json] = values.tolist()
    return found


def _check_conditions(
    grid: Grid, values: Mapping[str, list[Json] | None], rules: Mapping[str, Rule]
) -> None:
    """Raise InputError for a condition that no point of the grid meets."""
    parents_in_order(grid)
    for name, entry in grid.items():
        if not isinstance(entry, Conditional):
            continue
        for parent, wanted in entry.when.items():
            for value in wanted:
                _check_condition(name, parent, value, rules)
            there = values[parent]
            if there is None:
                raise ParameterError(
                    name,
                    f"the condition of {name} is on {parent}, which has infinitely many values",
                    "a parameter with a list of values",
                    f"give {parent} a list of values, or remove `when` of {name}",
                )
            if not any(value in there for value in wanted):
                raise ParameterError(
                    name,
                    f"{name} is never part of a point: it needs"
                    f" {parent}={' or '.join(map(str, wanted))}, and the grid has"
                    f" {parent}={', '.join(map(str, there[:5]))}",
                    "a condition that some points meet",
                    f"correct `when` of {name}, or add the value to {parent}",
                )


def _check_condition(name: str, parent: str, value: Json, rules: Mapping[str, Rule]) -> None:
    try:
        check_value(parent, value, rules)
    except InputError as error:
        what = f"the condition of {name}: {error.what}"
        raise ParameterError(name, what, error.expected, error.fix) from error


def check_downsample(downsample: float, points: int) -> None:
    """Refuse a fraction of a grid that keeps nothing or too much."""
    scale = 10 ** (len(str(points)) + 5)
    smallest = math.ceil(scale / points) / scale
    expected = f"a number from {smallest:g} (one trial) to 1 (all of the grid's {points:,} points)"
    if not 0 <= downsample <= 1:
        raise InputError(
            f"--downsample {downsample:g} is not a fraction", expected, "use 1 for the whole grid"
        )
    if int(points * downsample) < 1:
        raise InputError(
            f"--downsample {downsample:g} keeps none of the grid's {points:,} points",
            expected,
            f"use --downsample {smallest:g} or more",
        )
    if points * downsample > MAX_TRIALS:
        raise InputError(
            f"--downsample {downsample:g} makes {int(points * downsample):,} trials",
            f"at most {MAX_TRIALS:,} in one experiment",
            f"use --downsample {MAX_TRIALS / points:g} or less",
        )


def _typed(candidates: Candidates, value: Json) -> Json:
    """Return a value of a range as a person would type it: 0.3, not 0.30000000000000004."""
    is_inexact = isinstance(candidates, tuple) and isinstance(value, float)
    return float(f"{value:.14g}") if is_inexact else value


def _plain(name: str, value: Json, rules: Mapping[str, Rule]) -> Json:
    """Return a value of NumPy's as plain JSON; ranges give floats where whole numbers are meant."""
    plain = value.item() if hasattr(value, "item") else value
    return plain if name not in rules else _narrow(plain)


def _narrow(value: Json) -> Json:
    return int(value) if isinstance(value, float) and value.is_integer() and value >= 1 else value
