"""Methods beside LIME, so that it can be compared: each gives a weight for every superpixel."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cifar_model.explanation.regions import Divided, Segments
from cifar_model.prediction import Predictor

# Points on the way from the filled image to the image at which gradients are taken.
STEPS = 50


def occluded(predictor: Predictor, divided: Divided) -> NDArray[np.float64]:
    """Return how much each superpixel alone adds to every class (superpixels, classes).

    That is the probability of the image less that without the superpixel.
    """
    hidden = divided.segments == np.arange(divided.superpixels)[:, None, None]
    pictures = np.concatenate([divided.scaled[None], divided.without(hidden)])
    rows = predictor.probabilities(pictures).astype(np.float64)
    changes: NDArray[np.float64] = rows[0] - rows[1:]
    return changes


def gradcam(predictor: Predictor, divided: Divided, label: int) -> list[float]:
    """Return Grad-CAM of the last convolution, with its signs, as the mean over each superpixel."""
    model, segments = predictor.model, divided.segments
    last = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)][-1]
    both = keras.Model(model.inputs[0], [last.output, model.outputs[0]])
    with tf.GradientTape() as tape:
        maps, outputs = both(divided.scaled[None], training=False)
        probability = _probability(predictor, outputs, label)
    slopes = tf.reduce_mean(tape.gradient(probability, maps), axis=(1, 2), keepdims=True)
    seen = tf.reduce_sum(slopes * maps, axis=-1, keepdims=True)
    pixels = tf.image.resize(seen, segments.shape)[0, ..., 0].numpy()
    return _summed(pixels / np.bincount(segments.ravel())[segments], segments)


def integrated_gradients(predictor: Predictor, divided: Divided, label: int) -> list[float]:
    """Return integrated gradients, added up over each superpixel.

    The way begins where every superpixel is hidden; all weights together are nearly
    what the picture's probability is above the one there.
    """
    filled, change = divided.filled, divided.scaled - divided.filled
    shares = ((np.arange(STEPS) + 0.5) / STEPS).astype(np.float32)[:, None, None, None]
    way = tf.constant(filled + shares * change)
    with tf.GradientTape() as tape:
        tape.watch(way)
        probability = _probability(predictor, predictor.model(way, training=False), label)
    slopes = tape.gradient(probability, way).numpy().mean(axis=0)
    return _summed((slopes * change).sum(axis=-1), divided.segments)


BY_LABEL: dict[str, Callable[[Predictor, Divided, int], list[float]]] = {
    "gradcam": gradcam,
    "integrated_gradients": integrated_gradients,
}


def _probability(predictor: Predictor, outputs: tf.Tensor, label: int) -> tf.Tensor:
    found = outputs[:, label]
    return found / tf.reduce_sum(outputs, axis=1) if predictor.normalises else found


def _summed(pixels: NDArray[np.floating], segments: Segments) -> list[float]:
    weights: list[float] = np.bincount(segments.ravel(), weights=pixels.ravel()).tolist()
    return weights
