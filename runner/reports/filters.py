"""Parse the conditions of `--where`, such as lr=0.001 or val_accuracy>0.5."""

import math
import re
from collections.abc import Mapping, Sequence

from cifar_model.errors import did_you_mean
from cifar_model.params import DEFAULTS, RULES, ParamValue
from cifar_model.training_params import FORMER_NAMES
from runner.errors import InputError
from runner.store.engine import Store
from runner.store.queries.leaderboard import (
    LABELS,
    METRICS,
    OPERATORS,
    Condition,
)
from runner.store.queries.names import other_metrics, own_parameters

FORM = re.compile(rf"\s*(\w+)\s*({'|'.join(OPERATORS)})\s*(.+?)\s*")
NAMES = (*METRICS, *LABELS, "network", *RULES)

# The parameters that networks of users have, with their defaults.
Own = Mapping[str, ParamValue | None]


def read_conditions(
    texts: Sequence[str], own: Own | None = None, metrics: Sequence[str] = ()
) -> list[Condition]:
    """Return the parsed conditions; raise InputError that names the first invalid one.

    `metrics` are those that trainers reported beside the usual ones.
    """
    return [_read(text, own or {}, metrics) for text in texts]


def conditions_in(store: Store | None, texts: Sequence[str]) -> list[Condition]:
    """Return the parsed conditions; they may name what users' networks and trainers brought."""
    if not texts or store is None:
        return read_conditions(texts)
    with store.read() as connection:
        return read_conditions(texts, own_parameters(connection), other_metrics(connection))


def _read(text: str, own: Own, metrics: Sequence[str]) -> Condition:
    form = FORM.fullmatch(text)
    if form is None:
        raise _refusal(
            text,
            f"a name, an operator ({' '.join(OPERATORS)}) and a value, such as 'lr=0.001' or"
            " 'val_accuracy>0.5'",
        )
    name, operator, value = form.groups()
    names = tuple(dict.fromkeys((*NAMES, *own, *metrics)))
    if name not in (*names, *FORMER_NAMES):
        raise _refusal(text, f"one of {', '.join(names)}{did_you_mean(name, names)}")
    if name in LABELS or name == "network":
        if operator not in ("=", "!="):
            raise _refusal(text, f"= or !=, because a {name} is not a number")
        if not value.isprintable():
            raise _refusal(text, "printable characters in UTF-8")
        return Condition(name, operator, value)
    if name in FORMER_NAMES and name not in own:
        name, values = FORMER_NAMES[name]
        value = values[_value(text, operator, value, default=False) is True]
    if name in metrics and name not in (*NAMES, *own):
        return Condition(name, operator, _value(text, operator, value, default=None))
    if name not in NAMES:
        return Condition(name, operator, _own_value(text, operator, value, own[name]), own=True)
    default = None if name in METRICS else DEFAULTS[name]
    return Condition(name, operator, _value(text, operator, value, default), default)


def _own_value(text: str, operator: str, value: str, default: ParamValue | None) -> ParamValue:
    """Return the value for a parameter of a user's network; a default None allows every kind."""
    if default is None:
        default = 0.0 if _is_number(value) else value == "true" or (value != "false" and value)
    return _value(text, operator, value, default)


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


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
