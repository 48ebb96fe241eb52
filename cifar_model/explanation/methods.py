"""Methods beside LIME, so that it can be compared: each gives a weight for every superpixel."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cifar_model.backends.chosen import backend
from cifar_model.explanation.regions import Divided, Segments
from cifar_model.networks.heads import Head
from cifar_model.networks.layers import unrolled
from cifar_model.prediction import AnyPredictor

# Points on the way from the filled image to the image at which gradients are taken.
STEPS = 50

# SmoothGrad's copies, and the standard deviation of their noise as a share of the image's range.
COPIES, NOISE, NOISE_SEED = 25, 0.1, 0


def occluded(predictor: AnyPredictor, divided: Divided) -> NDArray[np.float64]:
    """Return how much each superpixel alone adds to every class (superpixels, classes).

    That is the probability of the image less that without the superpixel.
    """
    hidden = divided.segments == np.arange(divided.superpixels)[:, None, None]
    pictures = np.concatenate([divided.scaled[None], divided.without(hidden)])
    rows = predictor.probabilities(pictures).astype(np.float64)
    changes: NDArray[np.float64] = rows[0] - rows[1:]
    return changes


def gradcam(predictor: AnyPredictor, divided: Divided, label: int) -> list[float]:
    """Return Grad-CAM of the last convolution's activated maps, with its signs.

    That is the mean over each superpixel.
    """
    segments, found = divided.segments, unrolled(predictor.model)
    head, maps_of = _head(predictor, label), found.last_maps()
    maps, slopes = backend.gradient(found.model, divided.scaled[None], head, maps_of)
    weights = keras.ops.mean(slopes, axis=(1, 2), keepdims=True)
    seen = keras.ops.sum(weights * maps, axis=-1, keepdims=True)
    resized = keras.ops.image.resize(seen, segments.shape, data_format="channels_last")
    pixels = keras.ops.convert_to_numpy(resized)[0, ..., 0]
    return _summed(pixels / np.bincount(segments.ravel())[segments], segments)


def integrated_gradients(predictor: AnyPredictor, divided: Divided, label: int) -> list[float]:
    """Return integrated gradients, added up over each superpixel.

    The way begins where every superpixel is hidden; all weights together are nearly
    what the picture's probability is above the one there.
    """
    filled, change = divided.filled, divided.scaled - divided.filled
    shares = ((np.arange(STEPS) + 0.5) / STEPS).astype(np.float32)[:, None, None, None]
    way = (filled + shares * change).astype(np.float32)
    # A batch at a time: of large images the layers put out gigabytes.
    parts = np.split(way, range(predictor.batch, STEPS, predictor.batch))
    head = _head(predictor, label)
    gradients = [backend.gradient(predictor.model, part, head)[1] for part in parts]
    slopes = np.concatenate(gradients).mean(axis=0)
    return _summed((slopes * change).sum(axis=-1), divided.segments)


def smoothgrad(predictor: AnyPredictor, divided: Divided, label: int) -> list[float]:
    """Return SmoothGrad (Smilkov and others, 2017), times what hiding changes, by superpixel.

    The mean gradient over noisy copies says which pixels matter; multiplied by the image less the
    filled image, and added up over a superpixel, it estimates what the superpixel adds.
    """
    noise = np.random.default_rng(NOISE_SEED).normal(0, 1, (COPIES, *divided.scaled.shape))
    copies = (divided.scaled + NOISE * np.ptp(divided.scaled) * noise).astype(np.float32)
    parts = np.split(copies, range(predictor.batch, COPIES, predictor.batch))
    head = _head(predictor, label)
    slopes = np.concatenate([backend.gradient(predictor.model, part, head)[1] for part in parts])
    change = divided.scaled - divided.filled
    return _summed((slopes.mean(axis=0) * change).sum(axis=-1), divided.segments)


BY_LABEL: dict[str, Callable[[AnyPredictor, Divided, int], list[float]]] = {
    "gradcam": gradcam,
    "integrated_gradients": integrated_gradients,
    "smoothgrad": smoothgrad,
}


def _head(predictor: AnyPredictor, label: int) -> Callable[[Any], Any]:
    """Return what makes the probability of a class of the outputs."""

    def probability(outputs: Any) -> Any:
        if predictor.head == Head.LOGITS:
            outputs = keras.ops.softmax(outputs)
        found = outputs[:, label]
        return found / keras.ops.sum(outputs, axis=1) if predictor.normalises else found

    return probability


def _summed(pixels: NDArray[np.floating], segments: Segments) -> list[float]:
    weights: list[float] = np.bincount(segments.ravel(), weights=pixels.ravel()).tolist()
    return weights
