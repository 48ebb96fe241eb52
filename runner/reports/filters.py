"""Parse the conditions of `--where`, such as lr=0.001 or val_accuracy>0.5."""

import math
import re

from cifar_model.errors import did_you_mean
from cifar_model.params import DEFAULTS, RULES, ParamValue
from runner.errors import InputError
from runner.store.queries.leaderboard import LABELS, METRICS, OPERATORS, Condition

FORM = re.compile(rf"\s*(\w+)\s*({'|'.join(OPERATORS)})\s*(.+?)\s*")
NAMES = (*METRICS, *LABELS, *RULES)


def read_conditions(texts: tuple[str, ...]) -> list[Condition]:
    """Return the parsed conditions; raise InputError that names the first invalid one."""
    return [_read(text) for text in texts]


def _read(text: str) -> Condition:
    form = FORM.fullmatch(text)
    if form is None:
        raise _refusal(
            text,
            f"a name, an operator ({' '.join(OPERATORS)}) and a value, such as 'lr=0.001' or"
            " 'val_accuracy>0.5'",
        )
    name, operator, value = form.groups()
    if name not in NAMES:
        raise _refusal(text, f"one of {', '.join(NAMES)}{did_you_mean(name, NAMES)}")
    if name in LABELS:
        if operator not in ("=", "!="):
            raise _refusal(text, f"= or !=, because a {name} is not a number")
        if not value.isprintable():
            raise _refusal(text, "printable characters in UTF-8")
        return Condition(name, operator, value)
    default = None if name in METRICS else DEFAULTS[name]
    return Condition(name, operator, _value(text, operator, value, default), default)


def _value(text: str, operator: str, value: str, default: ParamValue | None) -> ParamValue:
    """Return the value, converted to the type of the metric or param."""
    if isinstance(default, bool):
        if value not in ("true", "false") or operator not in ("=", "!="):
            raise _refusal(text, "= or != with true or false")
        return value == "true"
    if isinstance(default, str):
        if operator not in ("=", "!="):
            raise _refusal(text, "= or !=, because this param is not a number")
        return value
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _refusal(text, "a finite number after the operator")
    return number


def _refusal(text: str, expected: str) -> InputError:
    return InputError(f"--where {text!r} is not a valid condition", expected, "correct --where")
