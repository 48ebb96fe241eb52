"""Run a network on images: one compiled call of one fixed shape."""

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from cifar_model.backends.chosen import backend
from cifar_model.networks.heads import Head, head_of
from cifar_model.trainers.prediction import TrainerPredictor

# Images of 32x32 in a batch. Of larger ones there are fewer, so that what the layers put out takes
# as much memory; never one, which rounds differently from every other number.
BATCH, FEWEST = 250, 2
BATCH_PIXELS = BATCH * 32 * 32


def batch_of(height: int, width: int) -> int:
    """Return how many images of a size are predicted at once."""
    return max(FEWEST, min(BATCH, BATCH_PIXELS // (height * width)))


class Predictor:
    """Hold a network's compiled forward pass.

    A shorter last batch is filled with zeros: a new shape would be compiled again, and a batch of
    one rounds differently from every other.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.head = head_of(model)
        # A sigmoid head's outputs do not sum to 1.
        self.normalises = self.head == Head.SIGMOID
        self.shape = tuple(model.input_shape[1:])
        self.classes = int(model.output_shape[-1])
        self.batch = batch_of(*model.input_shape[1:3])
        self.program = backend.program(model, self.batch)

    def outputs(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the last layer puts out (n, classes) for images in [0, 1]."""
        starts = range(0, len(images), self.batch)
        return np.concatenate([self._batch(images[at : at + self.batch]) for at in starts])

    def _batch(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.program.outputs(self._filled(images))[: len(images)]

    def scored(
        self, images: NDArray[np.float32], labels: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the outputs for at most `batch` images, and the loss of each, as Keras has it."""
        outputs, losses = self.program.scores(self._filled(images), self._filled(labels))
        return outputs[: len(images)], losses[: len(images)]

    def _filled(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the rows of one batch, with rows of zeros after them if it is not full."""
        missing = self.batch - len(rows)
        return np.pad(rows, [(0, missing), *[(0, 0)] * (rows.ndim - 1)]) if missing else rows

    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.floating]:
        """Return a distribution over the classes for each image.

        What a softmax puts out is one to the last bit; sigmoids are normalised, and logits are put
        through a softmax.
        """
        outputs = self.outputs(images)
        return outputs if self.head == Head.SOFTMAX else self.distribution(outputs)

    def distribution(self, outputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the outputs for some images as rows that sum to 1."""
        if self.head != Head.LOGITS:
            return normalised(outputs)
        rows: NDArray[np.float64] = softmax(outputs.astype(np.float64), axis=1)
        return rows


# What is evaluated and explained: a network, or the model of a trainer.
AnyPredictor = Predictor | TrainerPredictor


def normalised(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return rows that sum to 1, unlike a sigmoid head's; a row of zeros becomes uniform."""
    rows = outputs.astype(np.float64)
    sums = rows.sum(axis=1, keepdims=True)
    return np.where(sums > 0, rows / np.where(sums > 0, sums, 1), 1 / rows.shape[1])
