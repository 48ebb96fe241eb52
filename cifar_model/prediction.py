"""Run a network on pictures: one compiled call of one fixed shape."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cifar_model.errors import DivergedError

BATCH = 250


class Predictor:
    """Hold a network's compiled forward pass.

    A shorter last batch is filled with zeros: a new shape would be compiled again, and a batch of
    one rounds differently from every other.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.shape: tuple[int, int, int] = model.input_shape[1:]
        self.classes: int = model.output_shape[1]
        self._call = tf.function(
            self._forward,
            input_signature=[
                tf.TensorSpec((BATCH, *self.shape), tf.float32),
                tf.TensorSpec((BATCH, self.classes), tf.float32),
            ],
            autograph=False,
            jit_compile=False,
        )

    def _forward(self, images: tf.Tensor, expected: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # The loss belongs into the same graph: there Keras finds the logits behind a softmax, and
        # needs no clipping, just as when it trains.
        outputs = self.model(images, training=False)
        return outputs, self.model.loss.call(expected, outputs)

    def scored(
        self, images: NDArray[np.float32], expected: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the outputs (n, classes) and the losses (n,) for one-hot labels (n, classes)."""
        outputs = np.empty((len(images), self.classes), np.float32)
        losses = np.empty(len(images), np.float32)
        for start in range(0, len(images), BATCH):
            rows = slice(start, start + BATCH)
            batch = self._call(_filled(images[rows]), _filled(expected[rows]))
            count = len(images[rows])
            outputs[rows], losses[rows] = (part.numpy()[:count] for part in batch)
        return outputs, losses

    def outputs(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the last layer puts out (n, classes) for pictures in [0, 1]."""
        return self.scored(images, np.zeros((len(images), self.classes), np.float32))[0]

    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a distribution over the classes for each picture."""
        return normalised(self.outputs(images))


def normalised(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return rows that sum to 1, unlike a sigmoid head's; a row of zeros becomes uniform.

    Raises DivergedError if an output is not a finite number.
    """
    if not np.isfinite(outputs).all():
        raise DivergedError("the network's outputs are not finite numbers")
    rows = outputs.astype(np.float64)
    sums = rows.sum(axis=1, keepdims=True)
    return np.where(sums > 0, rows / np.where(sums > 0, sums, 1), 1 / rows.shape[1])


def _filled(rows: NDArray[np.float32]) -> tf.Tensor:
    missing = BATCH - len(rows)
    return tf.constant(np.pad(rows, ((0, missing), *[(0, 0)] * (rows.ndim - 1))))
