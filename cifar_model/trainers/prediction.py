"""Predict with the model of a trainer as with a network's."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cifar_model.errors import InputError

# Keras clips probabilities so before it takes their logarithm.
SMALLEST = 1e-7


@runtime_checkable
class Predicting(Protocol):
    """What a trainer's model can do."""

    def predict(self, images: NDArray[np.float32], /) -> Any:
        """Return a row of probabilities for each image; pixels are in [0, 1]."""


def probabilities(
    model: Predicting, images: NDArray[np.float32], classes: int
) -> NDArray[np.float64]:
    """Return what a model predicts, checked; raise InputError if they are no probabilities."""
    found = np.asarray(model.predict(images), np.float64)
    expected = f"one row for each image, with {classes} probabilities that sum to 1"
    if found.shape != (len(images), classes):
        what = f"predict returned an array of shape {found.shape} for {len(images)} images"
    elif not np.isfinite(found).all() or (found < 0).any():
        what = "predict returned negative numbers, or some that are not finite"
    elif not np.allclose(found.sum(axis=1), 1, atol=1e-3):
        what = f"predict returned rows that sum to {found.sum(axis=1)[0]:g}"
    else:
        return found
    raise InputError(what, expected, "correct the model of the trainer")
