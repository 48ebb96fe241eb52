"""What a parameter of a grid may be: a list of values, a range, or either under a condition."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cifar_model.errors import InputError, shown
from cifar_model.params import check_value
from cifar_model.rules import Json, Rule

MAX_VALUES = 10_000  # of a range
MAX_BOUND = 1e9  # of a range; larger than any value that a parameter can have

FORM = (
    "a value, a list of values, {low: 8, high: 64, step: 8}, {low: 0.0001, high: 0.1, log: true}"
    f" or Talos's {{range: [start, end, steps]}} with 1 to {MAX_VALUES} steps"
)


class ParameterError(InputError):
    """Refuse what a grid says of one parameter."""

    def __init__(self, parameter: str, what: str, expected: str, fix: str) -> None:
        super().__init__(what, expected, fix)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers from `low` to `high`, which are included, or those a `step` apart."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def to_json(self) -> dict[str, Json]:
        """Return it as a grid file has it."""
        step = {} if self.step is None else {"step": self.step}
        return {"low": self.low, "high": self.high, **step, **({"log": True} if self.log else {})}


# A list holds values; a tuple is Talos's (start, end, steps), end excluded.
Candidates = list[Json] | tuple[float, float, int] | Range


@dataclass(frozen=True, slots=True)
class Conditional:
    """Candidates for points where other parameters have one of some values, and only for those."""

    candidates: Candidates
    when: Mapping[str, list[Json]]


Grid = Mapping[str, Candidates | Conditional]


def candidates_of(entry: Candidates | Conditional) -> Candidates:
    """Return the candidates of a parameter, whatever its condition."""
    return entry.candidates if isinstance(entry, Conditional) else entry


def read_entry(name: str, value: Json) -> Candidates | Conditional:
    """Read what a grid file says of one parameter."""
    if not isinstance(value, dict) or "when" not in value:
        return _read_candidates(name, value)
    rest = {key: item for key, item in value.items() if key != "when"}
    candidates = _read_candidates(name, rest["values"] if list(rest) == ["values"] else rest)
    return Conditional(candidates, _read_condition(name, value["when"]))


def _read_candidates(name: str, value: Json) -> Candidates:
    match value:
        case list() if value:
            return value
        case bool() | int() | float() | str():
            return [value]
        case {"range": [int() | float() as start, int() | float() as end, int() as steps]} if (
            len(value) == 1
            and 0 < steps <= MAX_VALUES
            and start != end
            and all(abs(bound) <= MAX_BOUND for bound in (start, end))
        ):
            return (start, end, steps)
        case {"low": _, "high": _} if set(value) <= {"low", "high", "step", "log"}:
            return _read_range(name, dict(value))
    raise ParameterError(name, f"the grid's {name} is {shown(value)}", FORM, f"correct {name}")


def _read_range(name: str, value: Mapping[str, Json]) -> Range:
    low: Json = value["low"]
    high: Json = value["high"]
    step, log = value.get("step"), value.get("log")
    if not _number(low) or not _number(high) or not (step is None or _number(step)):
        raise _range_error(name, value, "three numbers: low, high and, if wanted, step")
    if log not in (None, True, False):
        raise _range_error(name, value, "log: true or log: false")
    found = Range(low, high, step, bool(log))
    check_range(name, found)
    return found


def check_range(name: str, given: Range) -> None:
    """Raise ParameterError for a range that is empty, or that has no logarithm."""
    if not given.low < given.high:
        raise _range_error(name, given.to_json(), "a low that is below high")
    # Samplers divide by the width of a range.
    if not given.low < (given.low + given.high) / 2 < given.high:
        raise _range_error(name, given.to_json(), "a low and a high with numbers between them")
    if given.log and given.low <= 0:
        raise _range_error(name, given.to_json(), "a low above 0: there is no logarithm of 0")
    if given.log and given.step is not None:
        raise _range_error(name, given.to_json(), "either log or step")
    if given.step is not None and not 0 < given.step <= given.high - given.low:
        raise _range_error(name, given.to_json(), "a step above 0 and at most high - low")
    if given.step is not None and (given.high - given.low) / given.step >= MAX_VALUES:
        raise _range_error(name, given.to_json(), f"at most {MAX_VALUES:,} steps")


def _number(value: Json) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) <= MAX_BOUND
    )


def _range_error(name: str, value: Json, expected: str) -> ParameterError:
    written = json.dumps(value, default=str)
    return ParameterError(
        name, f"the range of {name} is {written}", expected, f"correct the range of {name}"
    )


def _read_condition(name: str, when: Json) -> dict[str, list[Json]]:
    if isinstance(when, dict) and when and name not in when:
        found = {
            parent: item if isinstance(item, list) else [item] for parent, item in when.items()
        }
        if all(values and not any(map(_nested, values)) for values in found.values()):
            return found
    raise ParameterError(
        name,
        f"the condition of {name} is {shown(when)}",
        "values of other parameters, as in when: {optimizer: [sgd, rmsprop]}",
        f"correct `when` of {name}",
    )


def _nested(value: Json) -> bool:
    return isinstance(value, list | dict) or value is None


def is_whole(name: str, given: Range, rules: Mapping[str, Rule]) -> bool:
    """Return whether a range is of whole numbers: what its parameter takes, not how it is typed."""
    bounds = [given.low, given.high] + ([] if given.step is None else [given.low + given.step])
    try:
        checked: list[Any] = [check_value(name, bound, rules) for bound in bounds]
    except InputError as error:
        raise ParameterError(name, error.what, error.expected, error.fix) from error
    return all(isinstance(bound, int) for bound in checked)


def range_values(name: str, given: Range, rules: Mapping[str, Rule]) -> list[Json] | None:
    """Return all values of a range in their order; None if there are infinitely many."""
    whole = is_whole(name, given, rules)
    step = given.step if given.step is not None else 1 if whole else None
    if step is None:
        return None
    steps = int((given.high - given.low) / step + 1e-9)
    if steps >= MAX_VALUES:
        raise _range_error(name, given.to_json(), f"at most {MAX_VALUES:,} values, or a step")
    # As a person would type them: 0.3, not 0.30000000000000004.
    values = [float(f"{given.low + number * step:.14g}") for number in range(steps + 1)]
    return [int(value) for value in values] if whole else list(values)


def parents_in_order(grid: Grid) -> list[str]:
    """Return the parameters that conditions name, each after those that decide about itself."""
    order: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ParameterError(
                name,
                f"the conditions of {' and '.join(path)} depend on each other",
                "conditions that come to an end",
                f"remove `when` of {name}",
            )
        entry = grid.get(name)
        if isinstance(entry, Conditional):
            for parent in entry.when:
                if parent not in grid:
                    raise ParameterError(
                        name,
                        f"{name} has a condition on {parent}, which the grid does not have",
                        f"a parameter of this grid: {', '.join(grid)}",
                        f"add {parent} to the grid, or remove `when` of {name}",
                    )
                visit(parent, (*path, name))
                if parent not in order:
                    order.append(parent)

    for name in grid:
        visit(name, ())
    return order


def in_order(grid: Grid) -> list[str]:
    """Return all parameters, each after those that decide whether it is part of a point."""
    parents = parents_in_order(grid)
    free = [
        name for name in grid if name not in parents and not isinstance(grid[name], Conditional)
    ]
    return [*free, *parents, *(name for name in grid if name not in free and name not in parents)]


def applies(entry: Candidates | Conditional, point: Mapping[str, Json]) -> bool:
    """Return whether a parameter is part of a point, as far as the point has its parents."""
    return not isinstance(entry, Conditional) or all(
        parent in point and point[parent] in values for parent, values in entry.when.items()
    )


def entry_to_json(entry: Candidates | Conditional) -> Json:
    """Return what a grid file says of a parameter."""
    match entry:
        case Conditional(candidates, when):
            written = entry_to_json(candidates)
            values = written if isinstance(written, dict) else {"values": written}
            return {**values, "when": {name: list(items) for name, items in when.items()}}
        case Range():
            return entry.to_json()
        case tuple():
            return {"range": list(entry)}
        case _:
            return list(entry)


def read_range_text(name: str, text: str) -> Range | None:
    """Return the range that LOW..HIGH, LOW..HIGH:STEP or LOW..HIGH:log says; None if it is none."""
    low, dots, rest = text.partition("..")
    high, _, how = rest.partition(":")
    if not dots:
        return None
    try:
        value: dict[str, Json] = {"low": _typed(low), "high": _typed(high)}
        if how:
            value |= {"log": True} if how == "log" else {"step": _typed(how)}
    except ValueError as error:
        raise ParameterError(
            name,
            f"--param {name}={text} is not a range",
            "LOW..HIGH, LOW..HIGH:STEP or LOW..HIGH:log, as in lr=1e-4..1e-2:log",
            f"correct --param {name}",
        ) from error
    return _read_range(name, value)


def _typed(text: str) -> float:
    number = float(text)
    return int(text) if text.strip().lstrip("-").isdigit() else number
