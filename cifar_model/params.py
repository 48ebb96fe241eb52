"""The parameters of one trial: their names, ranges and defaults, as plain JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from cifar_model.errors import InputError

Json = Any

OPTIMIZERS = ("adam", "nadam", "sgd", "rmsprop")
LOSSES = ("categorical_crossentropy", "logcosh")
ACTIVATIONS = ("relu", "elu")
LAST_ACTIVATIONS = ("softmax", "sigmoid")

# Each block doubles the filters and raises its dropout by half of the first one's:
# at 0.2 the paper's 0.2, 0.3 and 0.4.
DROPOUT_GROWTH = 0.5


@dataclass(frozen=True, slots=True)
class Params:
    """Describe one trial; the defaults are the paper's untuned model.

    The names `lr`, `losses` and `last_activation` are those of the paper's grid.
    """

    lr: float = 0.001
    batch_size: int = 32
    epochs: int = 10
    dropout: float = 0.2
    optimizer: str = "adam"
    losses: str = "categorical_crossentropy"
    activation: str = "relu"
    last_activation: str = "softmax"
    batch_norm_momentum: float = 0.99
    blocks: int = 3
    filters: int = 32
    augment: bool = False

    @classmethod
    def from_json(cls, values: Mapping[str, Json]) -> "Params":
        """Check plain JSON and fill in defaults; raise InputError naming the first bad value."""
        params = cls(**{name: check_value(name, value) for name, value in values.items()})
        last_rate = params.dropout_rates()[-1]
        if last_rate >= 1:
            raise InputError(
                f"dropout={params.dropout} gives the last of {params.blocks} blocks {last_rate:g}",
                "every block's dropout below 1 (each block adds half of the first one's)",
                "lower dropout or blocks",
            )
        return params

    def dropout_rates(self) -> list[float]:
        """Return the dropout of each block; the paper's 0.2, 0.3, 0.4 for a dropout of 0.2."""
        return [
            round(self.dropout * (1 + DROPOUT_GROWTH * block), 10) for block in range(self.blocks)
        ]

    def dense_dropout_rate(self) -> float:
        """Return the dropout after the dense layers; the paper's 0.25 for a dropout of 0.2."""
        return round(min(self.dropout * 1.25, 0.95), 10)


Rule = Callable[[str, Json], Json]


def check_value(name: str, value: Json) -> Any:
    """Check one value on its own; raise InputError for it or for a name that is unknown."""
    if name not in RULES:
        close = get_close_matches(name, RULES, n=1)
        raise InputError(
            f"unknown parameter {name!r}",
            f"one of {', '.join(RULES)}",
            f"did you mean {close[0]!r}?" if close else "correct the name",
        )
    return RULES[name](name, value)


def _number(low: float, high: float) -> Rule:
    def check(name: str, value: Json) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value < high:
            raise _refusal(name, value, f"a number, at least {low:g} and below {high:g}")
        return float(value)

    return check


def _integer(low: int, high: int) -> Rule:
    def check(name: str, value: Json) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _refusal(name, value, f"a whole number from {low} to {high}")
        return value

    return check


def _choice(choices: tuple[str, ...]) -> Rule:
    def check(name: str, value: Json) -> str:
        if value not in choices:
            raise _refusal(name, value, f"one of {', '.join(choices)}")
        return str(value)

    return check


def _flag(name: str, value: Json) -> bool:
    if not isinstance(value, bool):
        raise _refusal(name, value, "true or false")
    return value


def _refusal(name: str, value: Json, expected: str) -> InputError:
    return InputError(f"parameter {name}={value!r} is not valid", expected, f"correct {name}")


RULES: dict[str, Rule] = {
    "lr": _number(1e-8, 10),
    "batch_size": _integer(1, 65536),
    "epochs": _integer(1, 100_000),
    "dropout": _number(0, 1),
    "optimizer": _choice(OPTIMIZERS),
    "losses": _choice(LOSSES),
    "activation": _choice(ACTIVATIONS),
    "last_activation": _choice(LAST_ACTIVATIONS),
    "batch_norm_momentum": _number(0, 1),
    "blocks": _integer(1, 5),
    "filters": _integer(1, 1024),
    "augment": _flag,
}
assert list(RULES) == [field.name for field in fields(Params)]  # noqa: S101 (a slip of ours)
