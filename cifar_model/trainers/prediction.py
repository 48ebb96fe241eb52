"""Predict with the model of a trainer as with a network's."""

import sys
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cifar_model.errors import InputError

# Images that are predicted at once.
BATCH = 250

# Keras clips probabilities so before it takes their logarithm.
SMALLEST = 1e-7


@runtime_checkable
class Predicting(Protocol):
    """What a trainer's model can do."""

    def predict(self, images: NDArray[np.float32], /) -> Any:
        """Return a row of probabilities for each image; pixels are in [0, 1]."""


class TrainerPredictor:
    """Predict with a trainer's model as `cifar_model.prediction.Predictor` does with a network.

    The loss of an image is its cross-entropy: only the trainer knows what it trained with.
    """

    normalises = False

    def __init__(self, name: str, model: Predicting, shape: Sequence[int], classes: int) -> None:
        self.name = name
        self.loaded = model
        self.shape = tuple(shape)
        self.classes = classes
        self.batch = BATCH

    @property
    def model(self) -> Any:
        """Return the model if it is one of Keras; raise InputError if it is not."""
        keras = sys.modules.get("keras")
        if keras is not None and isinstance(self.loaded, keras.Model):
            return self.loaded
        raise InputError(
            f"the model of {self.name} is {type(self.loaded).__name__}, not a Keras model",
            "a Keras model, whose gradients and layers can be read",
            "use --method lime or occlusion, without --activations",
        )

    @property
    def head(self) -> Any:
        """Return the head of a Keras model, as gradients need it."""
        from cifar_model.networks.heads import head_of

        return head_of(self.model)

    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a row of probabilities for each image, in [0, 1]."""
        starts = range(0, len(images), self.batch)
        parts = [images[start : start + self.batch] for start in starts]
        return np.concatenate([probabilities(self.loaded, each, self.classes) for each in parts])

    def scored(
        self, images: NDArray[np.float32], labels: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the probabilities of some images, and the cross-entropy of each."""
        found = self.probabilities(images)
        return found, -np.log(np.maximum((found * labels).sum(axis=1), SMALLEST))

    def distribution(self, outputs: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return rows that sum to 1 exactly."""
        rows: NDArray[np.float64] = outputs.astype(np.float64)
        rows /= rows.sum(axis=1, keepdims=True)
        return rows


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
