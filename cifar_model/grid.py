"""Grids of params and the points of them that Talos samples."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cifar_model.errors import InputError, shown
from cifar_model.networks.network import PAPER, Network
from cifar_model.params import RULES, Json, Params, check_value, rules_of
from cifar_model.rules import Rule

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

# Talos's samplers that a seed decides; those that ask a service or the system's entropy are left
# out, because their sample cannot be drawn again.
METHODS = (
    "uniform_mersenne",
    "sobol",
    "halton",
    "korobov_matrix",
    "latin_matrix",
    "latin_improved",
    "latin_sudoku",
)

MAX_BYTES = 64 * 2**20  # of a grid file
MAX_VALUES = 10_000
MAX_BOUND = 1e9  # of a range; larger than any value that a parameter can have
MAX_POINTS = 10_000_000
MAX_TRIALS = 100_000

Grid = Mapping[str, list[Json] | tuple[float, float, int]]


def read_grid(path: Path) -> Grid:
    """Read a grid from a JSON file: a list, or {"range": [start, end, steps]}, per key."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"the grid {str(path)!r} cannot be read: {error.strerror}",
            "'paper' or the path of a JSON file",
            "correct the path",
        ) from error
    if len(content) > MAX_BYTES:
        raise _refusal(path, f"larger than {MAX_BYTES >> 20} MB", "give fewer values")
    try:
        # Of bytes, JSON finds out by itself whether they are UTF-8, UTF-16 or UTF-32.
        grid = json.loads(content, object_pairs_hook=unique_keys)
    except TwiceError as error:
        fix = f"put all values of {error} into one list"
        raise _refusal(
            path, f"not valid JSON: the key {str(error)!r} is duplicated", fix
        ) from error
    except json.JSONDecodeError as error:
        raise _refusal(path, f"not valid JSON: {error}", _mend(path, error)) from error
    except RecursionError as error:
        raise _refusal(path, "nested too deeply", "use plain values in the lists") from error
    except ValueError as error:  # a wrong encoding, or a number of thousands of digits
        wrong_encoding = isinstance(error, UnicodeDecodeError)
        fix = "save it as UTF-8" if wrong_encoding else "give shorter numbers"
        raise _refusal(path, f"not valid JSON: {error}", fix) from error
    if not isinstance(grid, dict) or not grid:
        raise _refusal(path, "not an object with keys", "give each parameter a list of values")
    return {name: _candidates(name, value) for name, value in grid.items()}


def given_grid(values: Mapping[str, Any]) -> Grid:
    """Check a grid that is given as what a grid file contains; a tuple is a range, as in Talos."""
    if not values:
        raise InputError(
            "the grid is empty", "a list of values per parameter", "give at least one parameter"
        )
    return {name: _candidates(name, _as_in_a_file(value)) for name, value in values.items()}


def _as_in_a_file(value: Any) -> Any:
    """Return a value as JSON has it: arrays of NumPy are lists, its numbers are Python's."""
    if isinstance(value, tuple):
        return {"range": [_as_in_a_file(item) for item in value]}
    if isinstance(value, list):
        return [_as_in_a_file(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _refusal(path: Path, what: str, fix: str) -> InputError:
    form = 'an object such as {"lr": [0.001], "batch_size": {"range": [30, 50, 20]}}'
    return InputError(f"the grid {str(path)!r} is {what}", form, fix)


def _mend(path: Path, error: json.JSONDecodeError) -> str:
    """Return how to mend what most people write into JSON that is none."""
    rest, before = error.doc[error.pos :].lstrip(), error.doc[: error.pos].rstrip()
    if path.suffix.lower() in (".yaml", ".yml"):
        return "write it as JSON; YAML is not supported"
    if rest.startswith(("//", "/*", "#")):
        return f"JSON has no comments: remove the one on line {error.lineno}"
    if rest.startswith("'"):
        return f"use double quotes around names and strings on line {error.lineno}"
    if rest.startswith(("]", "}")) and before.endswith(","):
        return f"remove the comma before {rest[0]} on line {error.lineno}"
    return f"correct line {error.lineno}"


class TwiceError(ValueError):
    """Name the key that an object of JSON has twice."""


def unique_keys(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return the object of these pairs; JSON itself would keep the last of two with one key."""
    found: dict[str, Json] = {}
    for name, value in pairs:
        if name in found:
            raise TwiceError(name)
        found[name] = value
    return found


def _candidates(name: str, value: Json) -> list[Json] | tuple[float, float, int]:
    if isinstance(value, list) and value:
        return value
    if isinstance(value, dict) and list(value) == ["range"]:
        match value["range"]:
            case [int() | float() as start, int() | float() as end, int() as steps] if (
                0 < steps <= MAX_VALUES
                and start != end
                and all(abs(bound) <= MAX_BOUND for bound in (start, end))
            ):
                return (start, end, steps)
    single = not isinstance(value, list | dict)
    raise InputError(
        f"the grid's {name} is {shown(value)}",
        f'a list of values, or {{"range": [start, end, steps]}} with 1 to {MAX_VALUES} steps'
        " between two different numbers",
        f'write "{name}": [{json.dumps(value, default=str)}]' if single else f"correct {name}",
    )


def grid_to_json(grid: Grid) -> dict[str, Json]:
    """Return a grid in the form that a grid file has."""
    return {
        name: {"range": list(values)} if isinstance(values, tuple) else list(values)
        for name, values in grid.items()
    }


def count_points(grid: Grid, rules: Mapping[str, Rule] = RULES) -> int:
    """Count the points of the whole grid; raise InputError if any value in it is not valid."""
    from talos.parameters.ParamSpace import normalize_domains

    points = 1
    for name, values in normalize_domains(dict(grid)).items():
        for value in values:
            check_value(name, _plain(name, value, rules), rules)
        points *= len(values)
    if points > MAX_POINTS:
        raise InputError(
            f"the grid has {points:,} points",
            f"at most {MAX_POINTS:,}",
            "give fewer values, or only one value for a parameter",
        )
    return points


def sample(
    grid: Grid, downsample: float, method: str, seed: int, network: Network = PAPER
) -> list[dict[str, Json]]:
    """Return the params of the points that Talos samples, in its order, as plain JSON."""
    from talos.parameters.ParamSpace import ParamSpace

    rules = rules_of(network)
    check_downsample(downsample, count_points(grid, rules))
    space = ParamSpace(
        dict(grid), random_method=method, fraction_limit=float(downsample), seed=seed
    )
    rows = [
        {
            name: _typed(grid[name], _plain(name, value, rules))
            for name, value in zip(grid, row, strict=True)
        }
        for row in space.param_space
    ]
    for row in rows:
        Params.from_json(row, network)
    return rows


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


def _typed(values: list[Json] | tuple[float, float, int], value: Json) -> Json:
    """Return a value of a range as a person would type it: 0.3, not 0.30000000000000004."""
    is_inexact = isinstance(values, tuple) and isinstance(value, float)
    return float(f"{value:.14g}") if is_inexact else value


def _plain(name: str, value: Json, rules: Mapping[str, Rule]) -> Json:
    """Return a value of NumPy's as plain JSON; ranges give floats where whole numbers are meant."""
    plain = value.item() if hasattr(value, "item") else value
    return plain if name not in rules else _narrow(plain)


def _narrow(value: Json) -> Json:
    return int(value) if isinstance(value, float) and value.is_integer() and value >= 1 else value
