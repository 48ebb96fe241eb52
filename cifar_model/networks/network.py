"""What a network is to those who do not build it: its name, its parameters and its code."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cifar_model.rules import AnyName, ParamValue, Rule, choice, integer, like, number

ACTIVATIONS = ("relu", "elu")
LAST_ACTIVATIONS = ("softmax", "sigmoid")
RESNET_ACTIVATIONS = ("relu", "gelu", "silu")

# Each block of the paper's network doubles the filters and raises its dropout by half of the first
# one's: at 0.2 the paper's 0.2, 0.3 and 0.4.
DROPOUT_GROWTH = 0.5


@dataclass(frozen=True, slots=True)
class Network:
    """A function that builds a Keras model, with the defaults of its keyword arguments.

    `name` is that of a built-in network, FILE.py:function or package.module:function. `code` is
    the text of the file that the function stands in; a built-in network has none. A trainer is a
    function of the whole training in place of one that builds a network; without parameters it
    takes any.
    """

    name: str
    parameters: tuple[tuple[str, ParamValue | None], ...]
    code: str | None = None
    trainer: bool = False

    @property
    def digest(self) -> str | None:
        """Return the SHA-256 of the code, by which it is stored."""
        return None if self.code is None else sha256(self.code.encode()).hexdigest()

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Return the rule of each parameter."""
        if self in OWN_RULES:
            return OWN_RULES[self]
        if self.trainer and not self.parameters:
            return AnyName()
        return {name: like(default) for name, default in self.parameters}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None, code: str | None = None) -> "Network":
        """Return the network that was stored, with the text of its code; None is the paper's.

        Without the code it has a name, parameters and rules, and cannot be built.
        """
        if stored is None:
            return PAPER
        if stored["code"] is None and stored["name"] in BUILT_IN:
            return BUILT_IN[stored["name"]]
        parameters = tuple(stored["parameters"].items())
        return cls(stored["name"], parameters, code, bool(stored.get("trainer")))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, with the digest in place of the code."""
        stored = {"name": self.name, "parameters": dict(self.parameters), "code": self.digest}
        return {**stored, "trainer": True} if self.trainer else stored


PAPER = Network(
    "paper",
    (
        ("dropout", 0.2),
        ("activation", "relu"),
        ("last_activation", "softmax"),
        ("batch_norm_momentum", 0.99),
        ("blocks", 3),
        ("filters", 32),
    ),
)
PAPER_RULES: Mapping[str, Rule] = {
    "dropout": number(0, 1),
    "activation": choice(ACTIVATIONS),
    "last_activation": choice(LAST_ACTIVATIONS),
    "batch_norm_momentum": number(0, 1),
    "blocks": integer(1, 5),
    "filters": integer(1, 1024),
}
RESNET = Network(
    "resnet",
    (
        ("width", 48),
        ("depth", 1),
        ("activation", "relu"),
        ("dropout", 0.0),
        ("batch_norm_momentum", 0.9),
    ),
)
# Pixels on each side of an image: the stem takes off two, and each of three stages halves the rest.
RESNET_STAGES = 3
RESNET_SMALLEST = 2 + 2**RESNET_STAGES
RESNET_RULES: Mapping[str, Rule] = {
    "width": integer(1, 1024),
    "depth": integer(0, 64),
    "activation": choice(RESNET_ACTIVATIONS),
    "dropout": number(0, 1),
    "batch_norm_momentum": number(0, 1),
}
OWN_RULES = {PAPER: PAPER_RULES, RESNET: RESNET_RULES}
BUILT_IN = {network.name: network for network in OWN_RULES}


def dropout_rates(dropout: float, blocks: int) -> list[float]:
    """Return the dropout of each block; the paper's 0.2, 0.3, 0.4 for a dropout of 0.2."""
    return [round(dropout * (1 + DROPOUT_GROWTH * block), 10) for block in range(blocks)]


def dense_dropout_rate(dropout: float) -> float:
    """Return the dropout after the dense layers; the paper's 0.25 for a dropout of 0.2."""
    return round(min(dropout * 1.25, 0.95), 10)
