"""Compiled steps, forward passes and gradients on TensorFlow."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Program:
    """A compiled network: its training step and its forward pass, for images of one shape.

    The forward pass takes exactly `batch` images: a new shape would be compiled again.
    """

    def __init__(self, model: keras.Model, batch: int) -> None:
        self.model = model
        shape, classes = model.input_shape[1:], model.output_shape[-1]
        self._step = _compiled(
            lambda images, labels: model.train_step((images, labels)),
            [(None, *shape), (None, classes)],
        )
        self._outputs = _compiled(lambda images: model(images, training=False), [(batch, *shape)])
        self._scores = _compiled(_scores(model), [(batch, *shape), (batch, classes)])

    def train(self, batches: Iterable[tuple[Array, Array]]) -> dict[str, float]:
        """Take one step for each batch of images and labels; return the means of the metrics."""
        self.model.reset_metrics()
        for images, labels in batches:
            self._step(tf.constant(images), tf.constant(labels))
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def outputs(self, images: Array) -> Array:
        """Return what the last layer puts out."""
        outputs: Array = self._outputs(tf.constant(images)).numpy()
        return outputs

    def scores(self, images: Array, labels: Array) -> tuple[Array, Array]:
        """Return what the last layer puts out, and the loss of each image."""
        outputs, losses = self._scores(tf.constant(images), tf.constant(labels))
        return outputs.numpy(), losses.numpy()


def _compiled(function: Callable[..., Any], shapes: list[tuple[int | None, ...]]) -> Any:
    return tf.function(
        function,
        input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes],
        autograph=False,
        jit_compile=False,
    )


def _scores(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    def scores(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs = model(images, training=False)
        # Keras keeps a head's logits as an attribute of this very tensor and computes the
        # cross-entropy from them: called on a copy, the loss is another.
        return outputs, model.loss.call(labels, outputs)

    return scores
