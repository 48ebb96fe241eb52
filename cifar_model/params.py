"""The parameters of one trial: their names, ranges and defaults, as plain JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cifar_model.errors import InputError, nearest, shown
from cifar_model.networks.network import (
    ACTIVATIONS,
    LAST_ACTIVATIONS,
    PAPER,
    RESNET,
    RESNET_SMALLEST,
    Network,
    dropout_rates,
)
from cifar_model.rules import Json, ParamValue, Rule, flag
from cifar_model.training_params import (
    FORMER_NAMES,
    FORMER_RULES,
    IMPLIED,
    TRAINING_RULES,
    Training,
    check_combination,
)

__all__ = ["ACTIVATIONS", "LAST_ACTIVATIONS", "TRAINING_RULES", "Json", "ParamValue", "Training"]

ParamValues = Mapping[str, ParamValue]

MOST_SEED = 2**32 - 1


def seed_after(seed: int, count: int) -> int:
    """Return the seed that comes `count` after a seed; after the largest comes 0."""
    return (seed + count) % (MOST_SEED + 1)


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
    "bn_momentum": "batch_norm_momentum",
    "num_blocks": "blocks",
    "num_filters": "filters",
    "data_augmentation": "augmentation",
    "wd": "weight_decay",
    "decay": "weight_decay",
    "smoothing": "label_smoothing",
    "lr_schedule": "schedule",
    "scheduler": "schedule",
    "learning_rate_schedule": "schedule",
    "early_stopping": "patience",
    "early_stopping_patience": "patience",
    "ema_momentum": "ema",
    "ema_decay": "ema",
    "mixed_precision": "precision",
}


# The order in which they are shown: the paper's columns first.
_FIRST = (
    *("lr", "batch_size", "epochs", "dropout", "optimizer", "losses", "activation"),
    *("last_activation", "batch_norm_momentum", "blocks", "filters"),
)


@dataclass(frozen=True, slots=True)
class Params:
    """Describe one trial: how it is trained, its network, and the parameters of that.

    A parameter that training and the network both have is one: both get the same value, and
    its default is the network's.
    """

    training: Training
    network: Network
    architecture: tuple[tuple[str, ParamValue | None], ...]
    # The names that were given; the others have their defaults. It is no part of what is trained.
    given: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def from_json(cls, values: Mapping[str, Json], network: Network = PAPER) -> "Params":
        """Check plain JSON and fill in defaults; raise InputError naming the first bad value."""
        rules = rules_of(network)
        given = present(values, network)
        given = {name: check_value(name, value, rules) for name, value in given.items()}
        known: dict[str, Any] = dict(network.parameters) | given
        if network.trainer:
            return cls(Training(), network, tuple(known.items()), frozenset(given))
        training = {name: known[name] for name in TRAINING_RULES if known.get(name) is not None}
        params = cls(
            Training(**training),
            network,
            tuple((name, known[name]) for name, _ in network.parameters),
            frozenset(given),
        )
        check_combination(params.training, dict(network.parameters))
        if network == PAPER:
            _check_dropout(known["dropout"], known["blocks"])
        return params

    def check_shape(self, shape: Sequence[int]) -> None:
        """Raise InputError if images of a shape (height, width, channels) are too small."""
        if self.network == PAPER:
            _check_halvings(int(dict(self.architecture)["blocks"] or 0), shape)
        if self.network == RESNET and min(shape[:2]) < RESNET_SMALLEST:
            raise InputError(
                f"the network resnet is too deep for images of {shape[1]}x{shape[0]} pixels",
                f"at least {RESNET_SMALLEST} pixels on each side",
                f"give --image-size {RESNET_SMALLEST} or more",
            )

    def to_json(self) -> dict[str, ParamValue | None]:
        """Return every parameter with its value, in the order in which they are shown."""
        if self.network.trainer:
            return dict(self.architecture)
        values = {name: getattr(self.training, name) for name in TRAINING_RULES}
        values |= dict(self.architecture)
        return {name: values[name] for name in dict.fromkeys((*_FIRST, *values)) if name in values}


def present(values: Mapping[str, Json], network: Network = PAPER) -> dict[str, Json]:
    """Return params as they are stored: by their present names, with what their values imply.

    What training takes over from the defaults of the network is among that.
    """
    own = dict(network.parameters)
    found = dict(values)
    if network.trainer:
        return found
    for former, (name, values_of) in FORMER_NAMES.items():
        if former not in found or former in own:
            continue
        if name in found:
            raise InputError(
                f"{former} and {name} are the same parameter",
                f"{name}, one of {', '.join(values_of.values())} for {former}",
                f"omit {former}",
            )
        found[name] = values_of[check_value(former, found.pop(former))]
    for name, default in network.parameters:
        if name in TRAINING_RULES and default is not None:
            found.setdefault(name, default)
    for (name, value), (implied, default) in IMPLIED.items():
        if found.get(name) == value:
            found.setdefault(implied, default)
    return found


def settled(
    values: Mapping[str, Json], epochs: int | None, network: Network = PAPER
) -> tuple[Params, dict[str, Json]]:
    """Return params as they are trained, with `epochs` in place of theirs, and what is stored.

    The first are checked and have all defaults. Of another network than the paper's its defaults
    are stored too: only its code says them.
    """
    stored = present(values if epochs is None else {**values, "epochs": epochs}, network)
    params = Params.from_json(stored, network)
    known = {} if network == PAPER else dict(params.architecture)
    of_network = {name: value for name, value in known.items() if value is not None}
    return params, {**stored, **of_network}


@lru_cache(maxsize=8)
def rules_of(network: Network) -> Mapping[str, Rule]:
    """Return the rule of every parameter of a trial with this network."""
    if network.trainer:
        return network.rules
    return {**network.rules, **TRAINING_RULES}


def defaults(network: Network = PAPER) -> dict[str, ParamValue | None]:
    """Return every parameter of a trial with this network, with its default."""
    return Params.from_json({}, network).to_json()


def _check_dropout(dropout: float, blocks: int) -> None:
    last_rate = dropout_rates(dropout, blocks)[-1]
    if last_rate >= 1:
        raise InputError(
            f"dropout={dropout} gives block {blocks} of {blocks} a dropout rate of {last_rate:g}",
            "a rate below 1 in every block (each block adds half of the first block's rate)",
            "decrease dropout or blocks",
        )


def _check_halvings(blocks: int, shape: Sequence[int]) -> None:
    height, width = shape[:2]
    smallest = min(height, width)
    if smallest < 2**blocks:
        raise InputError(
            f"blocks={blocks} is too many for images of {width}x{height} pixels",
            f"at least {2**blocks} pixels on each side: every block halves the image",
            f"use blocks={smallest.bit_length() - 1} or less, or --image-size {2**blocks} or more",
        )


def point_digest(params: Params, seed: int, fold: int | None = None) -> str:
    """Return the digest of params, defaults included, and a seed; equal points have equal ones.

    1 and 1.0 are the same, as they are to whoever trains. `fold` is the one that is left out, if
    the params are trained on folds.
    """
    plain = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in params.to_json().items()
    }
    of = [plain, seed] if fold is None else [plain, seed, fold]
    return sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()


# Those of a trial with the paper's network.
DEFAULTS: ParamValues = {name: value for name, value in defaults().items() if value is not None}
RULES = {name: rules_of(PAPER)[name] for name in DEFAULTS}


def check_value(name: str, value: Json, rules: Mapping[str, Rule] | None = None) -> Any:
    """Check one value on its own; raise InputError for it or for a name that is unknown.

    Without rules, those of the paper's network are meant.
    """
    rules = RULES if rules is None else rules
    rule = rules[name] if name in rules else FORMER_RULES.get(name)
    if rule is None:
        meant = _meant(name, rules)
        raise InputError(
            f"unknown parameter {shown(name)}",
            f"one of {', '.join(rules)}",
            f"did you mean {meant!r}?" if meant else "correct the name",
        )
    return rule(name, value)


def read_value(name: str, text: str, rules: Mapping[str, Rule] | None = None) -> Any:
    """Check one value that a person typed: a number or true in any usual spelling, or a word."""
    rules = RULES if rules is None else rules
    if (rules.get(name) or FORMER_RULES.get(name)) is flag and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _number_of(text)
    return check_value(name, value, rules)


def _number_of(text: str) -> float | str:
    """Return the number that Python reads and JSON does not, such as .001 or 5., else the text."""
    try:
        return float(text)
    except ValueError:
        return text


def _meant(name: str, rules: Mapping[str, Rule]) -> str | None:
    """Return the parameter that other programs call so, or that is spelled nearly so."""
    spelled = name.lower().replace("-", "_")
    if OTHER_NAMES.get(spelled) in rules:
        return OTHER_NAMES[spelled]
    others = {other: ours for other, ours in OTHER_NAMES.items() if ours in rules}
    close = nearest(spelled, [*rules, *others])
    return others.get(close, close) if close else None
