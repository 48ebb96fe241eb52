"""The parameters of one trial: their names, ranges and defaults, as plain JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from cifar_model.errors import InputError, nearest, shown

Json = Any

ParamValue = float | str | bool
ParamValues = Mapping[str, ParamValue]

OPTIMIZERS = ("adam", "nadam", "sgd", "rmsprop")
LOSSES = ("categorical_crossentropy", "logcosh")
ACTIVATIONS = ("relu", "elu")
LAST_ACTIVATIONS = ("softmax", "sigmoid")

MOST_EPOCHS = 100_000
MOST_SEED = 2**32 - 1

# What Keras, Talos and others call them.
OTHER_NAMES = {
    "learning_rate": "lr",
    "learningrate": "lr",
    "batch": "batch_size",
    "bs": "batch_size",
    "epoch": "epochs",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "dropout_rate": "dropout",
    "optimiser": "optimizer",
    "loss": "losses",
    "loss_function": "losses",
    "activation_function": "activation",
    "output_activation": "last_activation",
    "momentum": "batch_norm_momentum",
    "bn_momentum": "batch_norm_momentum",
    "num_blocks": "blocks",
    "num_filters": "filters",
    "augmentation": "augment",
}

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
                f"dropout={params.dropout} gives block {params.blocks} of {params.blocks} a "
                f"dropout rate of {last_rate:g}",
                "a rate below 1 in every block (each block adds half of the first block's rate)",
                "decrease dropout or blocks",
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
        meant = _meant(name)
        raise InputError(
            f"unknown parameter {shown(name)}",
            f"one of {', '.join(RULES)}",
            f"did you mean {meant!r}?" if meant else "correct the name",
        )
    return RULES[name](name, value)


def read_value(name: str, text: str) -> Any:
    """Check one value that a person typed: a number or true in any usual spelling, or a word."""
    if RULES.get(name) is _flag and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _number_of(text)
    return check_value(name, value)


def _number_of(text: str) -> float | str:
    """Return the number that Python reads and JSON does not, such as .001 or 5., else the text."""
    try:
        return float(text)
    except ValueError:
        return text


def _meant(name: str) -> str | None:
    """Return the parameter that other programs call so, or that is spelled nearly so."""
    spelled = name.lower().replace("-", "_")
    if spelled in OTHER_NAMES:
        return OTHER_NAMES[spelled]
    close = nearest(spelled, [*RULES, *OTHER_NAMES])
    return OTHER_NAMES.get(close, close) if close else None


def _number(low: float, high: float) -> Rule:
    def check(name: str, value: Json) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value < high:
            raise _refusal(name, value, f"a number, at least {low:g} and below {high:g}")
        return float(value)

    return check


def _integer(low: int, high: int) -> Rule:
    def check(name: str, value: Json) -> int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole or not low <= value <= high:
            raise _refusal(name, value, f"a whole number from {low} to {high}")
        return int(value)

    return check


def _choice(choices: tuple[str, ...]) -> Rule:
    def check(name: str, value: Json) -> str:
        if value not in choices:
            close = nearest(str(value).lower(), choices, cutoff=0.5)
            fix = f"did you mean {name}={close}?" if close else f"correct {name}"
            raise _refusal(name, value, f"one of {', '.join(choices)}", fix)
        return str(value)

    return check


def _flag(name: str, value: Json) -> bool:
    if not isinstance(value, bool):
        fix = f"did you mean {name}={str(bool(value)).lower()}?" if value in (0, 1) else ""
        raise _refusal(name, value, "true or false", fix)
    return value


def _refusal(name: str, value: Json, expected: str, fix: str = "") -> InputError:
    return InputError(
        f"parameter {name}={shown(value)} is not valid", expected, fix or f"correct {name}"
    )


RULES: dict[str, Rule] = {
    "lr": _number(1e-8, 10),
    "batch_size": _integer(1, 65536),
    "epochs": _integer(1, MOST_EPOCHS),
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
