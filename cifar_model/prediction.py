"""Run a network on pictures: one compiled call of one fixed shape."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

BATCH = 250


class Predictor:
    """Hold a network's compiled forward pass.

    A shorter last batch is filled with zeros: a new shape would be compiled again, and a batch of
    one rounds differently from every other.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        # A sigmoid head's outputs do not sum to 1.
        self.normalises = model.layers[-1].activation is not keras.activations.softmax
        self._call = tf.function(
            lambda images: model(images, training=False),
            input_signature=[tf.TensorSpec((BATCH, *model.input_shape[1:]), tf.float32)],
            autograph=False,
            jit_compile=False,
        )

    def outputs(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the last layer puts out (n, classes) for pictures in [0, 1]."""
        found = [
            self._batch(images[start : start + BATCH]) for start in range(0, len(images), BATCH)
        ]
        return np.concatenate(found)

    def _batch(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        missing = BATCH - len(images)
        filled = np.pad(images, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else images
        outputs: NDArray[np.float32] = self._call(tf.constant(filled)).numpy()
        return outputs[: len(images)]

    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.floating]:
        """Return a distribution over the classes for each picture.

        What a softmax puts out is one to the last bit; other heads are normalised.
        """
        outputs = self.outputs(images)
        return normalised(outputs) if self.normalises else outputs


def normalised(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return rows that sum to 1, unlike a sigmoid head's; a row of zeros becomes uniform."""
    rows = outputs.astype(np.float64)
    sums = rows.sum(axis=1, keepdims=True)
    return np.where(sums > 0, rows / np.where(sums > 0, sums, 1), 1 / rows.shape[1])
