"""Which networks this process keeps compiled; to ask that imports nothing of Keras."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

from cifar_model.params import Params, Training

# Each holds its traced functions, some tens of megabytes.
KEPT = 4


@dataclass(frozen=True, slots=True)
class Case:
    """What a network is built from; not all of it is compiled into it."""

    params: Params
    shape: tuple[int, int, int]
    classes: int
    steps: int
    freeze: str | None

    @property
    def compiled(self) -> "Case":
        """Return only what is compiled into the network."""
        constant = self.params.training.has_constant_lr
        return replace(self, params=_architecture(self.params), steps=1 if constant else self.steps)


# By `Case.compiled`; the one that was used last is the last.
kept: OrderedDict[Case, Any] = OrderedDict()


def is_kept(case: Case) -> bool:
    """Tell whether a network is compiled already, whatever the number of steps."""
    asked = replace(case.compiled, steps=1)
    return any(replace(known, steps=1) == asked for known in kept)


def _architecture(params: Params) -> Params:
    """Return params of which only that is left that is compiled into a network."""
    plain, training = Training(), params.training
    training = replace(
        training,
        # A variable, where no schedule computes it.
        lr=plain.lr if training.has_constant_lr else training.lr,
        batch_size=plain.batch_size,
        epochs=plain.epochs,
        augmentation=plain.augmentation,
        patience=plain.patience,
    )
    return replace(params, training=training)
