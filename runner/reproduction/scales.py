"""How large a reproduction is: all of the paper's images and epochs, or fewer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Scale:
    """Say how much is trained; the defaults are what the paper did.

    `train_size` keeps that many images to train on; `epochs` overrides those of figure 5 and of
    the grid. `short` and `long` are the paper's 10 and 100 epochs without
    tuning. `params` are added to those of every trial.
    """

    name: str
    train_size: int | None = None
    epochs: int | None = None
    short: int = 10
    long: int = 100
    folds: int = 10
    samples: int = 1000
    downsample: float = 0.01
    deeper_epochs: int = 10
    params: Mapping[str, Any] = field(default_factory=dict)


SCALES = {
    scale.name: scale
    for scale in (
        Scale("full"),
        Scale("medium", train_size=8000),
        Scale(
            "small",
            train_size=2000,
            epochs=1,
            short=2,
            long=4,
            folds=5,
            deeper_epochs=1,
            # Keras's 0.99 needs some 400 steps before validation means anything.
            params={"batch_norm_momentum": 0.9},
        ),
    )
}
