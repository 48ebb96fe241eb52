"""How the values of params are checked: each rule returns the value or refuses it by name."""

from collections.abc import Callable
from typing import Any

from cifar_model.errors import InputError, nearest, shown

Json = Any
ParamValue = float | str | bool
Rule = Callable[[str, Json], Json]

MOST_NAME = 60


def number(low: float, high: float) -> Rule:
    """Return the rule of numbers from `low` to below `high`."""

    def check(name: str, value: Json) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value < high:
            raise refusal(name, value, f"a number, at least {low:g} and below {high:g}")
        return float(value)

    return check


def integer(low: int, high: int) -> Rule:
    """Return the rule of whole numbers from `low` to `high`."""

    def check(name: str, value: Json) -> int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole or not low <= value <= high:
            raise refusal(name, value, f"a whole number from {low} to {high}")
        return int(value)

    return check


def choice(choices: tuple[str, ...]) -> Rule:
    """Return the rule of these words."""

    def check(name: str, value: Json) -> str:
        if value not in choices:
            close = nearest(str(value).lower(), choices, cutoff=0.5)
            fix = f"did you mean {name}={close}?" if close else f"correct {name}"
            raise refusal(name, value, f"one of {', '.join(choices)}", fix)
        return str(value)

    return check


def flag(name: str, value: Json) -> bool:
    """Check true or false."""
    if not isinstance(value, bool):
        fix = f"did you mean {name}={str(bool(value)).lower()}?" if value in (0, 1) else ""
        raise refusal(name, value, "true or false", fix)
    return value


def like(default: ParamValue | None) -> Rule:
    """Return the rule of values of the same kind as a default; None allows every plain value."""
    match default:
        case bool():
            return flag
        case int():
            return integer(-(10**9), 10**9)
        case float():
            return number(-1e30, 1e30)
        case str():
            return _text
        case _:
            return plain


class AnyName(dict[str, Rule]):
    """The rules of params that may have any name of Python, with plain values."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.isidentifier() and len(name) <= MOST_NAME

    def __missing__(self, name: str) -> Rule:
        return plain


def _text(name: str, value: Json) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > 200:
        raise refusal(name, value, "a text of at most 200 printable characters")
    return value


def plain(name: str, value: Json) -> Json:
    """Check a number, true, false or a text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return like(type(value)())(name, value)
    return _text(name, value)


def refusal(name: str, value: Json, expected: str, fix: str = "") -> InputError:
    """Return the error of a value that a rule does not allow."""
    return InputError(
        f"parameter {name}={shown(value)} is not valid", expected, fix or f"correct {name}"
    )
