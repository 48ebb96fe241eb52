"""The conditions of `--fail-if`: whether a measure is beyond a limit with its whole interval."""

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cifar_model.errors import did_you_mean, shown
from runner.errors import InputError
from runner.reports.records import FAILED, PASSED, UNDECIDED, CheckedCondition, Interval

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
FORM = re.compile(rf"\s*(\w+)\s*({'|'.join(OPERATORS)})\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition such as `accuracy < -0.01`: the job of a CI fails where it holds."""

    name: str
    operator: str
    value: float

    def __str__(self) -> str:
        """Return the condition in its common form."""
        return f"{self.name} {self.operator} {self.value!r}"

    def holds(self, value: float) -> bool:
        """Return whether the condition holds for a value."""
        return OPERATORS[self.operator](value, self.value)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a condition can name: a description, its value and its 95 % interval if there is one."""

    name: str
    what: str
    value: float | None
    interval: Interval | None


def read_limits(texts: Iterable[str], names: Sequence[str]) -> list[Limit]:
    """Return the parsed conditions; raise InputError that names the first invalid one."""
    return [_read(text, names) for text in texts]


def _read(text: str, names: Sequence[str]) -> Limit:
    form = FORM.fullmatch(text)
    if form is None:
        raise _refusal(
            text, f"a name, one of {' '.join(OPERATORS)} and a number, such as '{names[0]} < -0.01'"
        )
    name, sign, number = form.groups()
    if name not in names:
        raise _refusal(text, f"one of {', '.join(names)}{did_you_mean(name, names)}")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _refusal(text, f"a finite number after {sign}, such as -0.01")
    return Limit(name, sign, value)


def _refusal(text: str, expected: str) -> InputError:
    return InputError(
        f"--fail-if {shown(text)} is not a valid condition", expected, "correct --fail-if"
    )


def checked(limits: Sequence[Limit], measures: Sequence[Measure]) -> list[CheckedCondition]:
    """Return whether each condition holds. The names of all conditions are those of measures."""
    found = {measure.name: measure for measure in measures}
    return [_checked(limit, found[limit.name]) for limit in limits]


def _checked(limit: Limit, measure: Measure) -> CheckedCondition:
    value, interval = _finite(measure)
    if value is None:
        outcome, reason = UNDECIDED, f"{measure.what} has no value"
    elif interval is None:
        outcome, reason = UNDECIDED, f"{measure.what} is {value:.4g} and has no 95 % interval"
    else:
        outcome, reason = _decided(limit, interval)
        low, high = interval
        size = f"{value:.4g} (95 % interval: {low:.4g} to {high:.4g})"
        reason = f"{measure.what} is {size}; {reason}"
    return CheckedCondition(str(limit), value, interval, outcome, reason)


def _finite(measure: Measure) -> tuple[float | None, Interval | None]:
    """Return the value and the interval; None for what is missing or not a number."""
    value, interval = measure.value, measure.interval
    if value is None or math.isnan(value):
        return None, None
    if interval is None or any(math.isnan(end) for end in interval):
        return value, None
    return value, interval


def _decided(limit: Limit, interval: Interval) -> tuple[str, str]:
    """Return the outcome and its reason: a condition fails only if it holds at both ends."""
    ends = [limit.holds(end) for end in interval]
    if all(ends):
        return FAILED, f"the whole interval is {limit.operator} {limit.value!r}"
    if any(ends):
        return UNDECIDED, f"the interval contains {limit.value!r}, so this cannot be decided"
    return PASSED, f"no part of the interval is {limit.operator} {limit.value!r}"
