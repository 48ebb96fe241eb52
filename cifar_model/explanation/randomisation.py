"""Draw a network's weights anew, and compare what explains the same images then.

These are the sanity checks of Adebayo and others (2018): an explanation that does not change when
the weights are drawn anew does not depend on what the network has learned. All layers are drawn
anew, and for the curve the layers from the top down to a lower and lower one.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from cifar_model.explanation.attributions import weights_of
from cifar_model.explanation.regions import Divided, mask
from cifar_model.explanation.segmentation import divide
from cifar_model.explanation.settings import Settings
from cifar_model.explanation.verdict import fall_of_odds
from cifar_model.prediction import Predictor
from cifar_model.results import Randomisation

# So many images are explained; the curve has so many points, each the mean over so many images.
# Only weights are computed, and with LIME for one seed of three: less than twenty explanations.
IMAGES, CURVE_IMAGES, CURVE_POINTS = 20, 2, 8

# So many networks are drawn, and the images are dealt out among them; to build one takes a second.
DRAWS = 4
SEED = 20260

Weights = list[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class _Compared:
    """An image, the class that the trained network predicts for it, and its weights."""

    divided: Divided
    label: int
    weights: list[float]


def randomise(
    model: keras.Model,
    images: NDArray[np.uint8],
    settings: Settings,
    on_image: Callable[[int], None] = lambda _: None,
) -> Randomisation | None:
    """Compare explanations of images with those of the same network, untrained.

    The images are spread evenly: data sets may have theirs in the order of the classes.

    `on_image` is called with the number of each, and may raise to stop; the exception comes out as
    it is. Returns None if there are no images, or if Keras cannot build the network again from its
    configuration.
    """
    drawn = _drawn(model)
    if not drawn or not len(images):
        return None
    trained, untrained = Predictor(model), Predictor(keras.models.clone_model(model))
    correlations, falls, curves = [], [], []
    spread = np.linspace(0, len(images) - 1, min(len(images), IMAGES)).astype(int)
    for number, image in enumerate(images[spread]):
        on_image(number)
        compared = _compared(trained, image, settings)
        layers = drawn[number % DRAWS]
        drawn_above = []
        if number < CURVE_IMAGES:
            drawn_above = _curve(trained, untrained, layers, compared, settings)
        _set(untrained, layers)
        same, fall = _untrained(untrained, compared, settings)
        if number < CURVE_IMAGES:
            curves.append([*drawn_above, same])
        correlations.append(same)
        falls.append(fall)
    names = [layer.name for layer in _with_weights(model)]
    return Randomisation(
        images=len(correlations),
        correlation=_mean(correlations),
        fall=float(np.quantile(falls, 0.95)),
        layers=[names[place] for place in _points(len(names))],
        curve=[_mean(points) for points in zip(*curves, strict=True)],
    )


def correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation of weights; None if all of either are the same."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(spearmanr(first, second).statistic)


def _drawn(model: keras.Model) -> list[list[Weights]]:
    """Return new initial weights of every layer that has some, for each network that is drawn."""
    before = random.getstate()
    try:
        return [_draw(model, SEED + draw) for draw in range(DRAWS)]
    except (NotImplementedError, TypeError, ValueError):
        return []
    finally:
        random.setstate(before)


def _draw(model: keras.Model, seed: int) -> list[Weights]:
    # The seeds of initial weights are Python's.
    random.seed(seed)
    again = keras.models.clone_model(model)
    return [layer.get_weights() for layer in _with_weights(again)]


def _with_weights(model: keras.Model) -> list[keras.Layer]:
    """Return the layers of a network that have weights, the lowest first."""
    return [layer for layer in model.layers if layer.weights]


def _set(predictor: Predictor, layers: Sequence[Weights]) -> None:
    for layer, weights in zip(_with_weights(predictor.model), layers, strict=True):
        layer.set_weights(weights)


def _compared(trained: Predictor, image: NDArray[np.uint8], settings: Settings) -> _Compared:
    scaled = np.divide(image, 255, dtype=np.float32)
    divided = divide(scaled, settings.segmentation)
    label = int(trained.probabilities(scaled[None])[0].argmax())
    return _Compared(divided, label, weights_of(trained, divided, [label], settings)[0])


def _untrained(
    untrained: Predictor, compared: _Compared, settings: Settings
) -> tuple[float | None, float]:
    """Return the correlation with an untrained network's weights, and its own prediction's fall.

    That is by which share the odds of the class that it predicts fall without its regions.
    """
    divided = compared.divided
    before = untrained.probabilities(divided.scaled[None])[0]
    own = int(before.argmax())
    same, of_own = weights_of(untrained, divided, [compared.label, own], settings)
    region = mask(divided.segments, of_own) > 0
    after = untrained.probabilities(divided.without(region[None]))[0]
    fall = fall_of_odds(float(before[own]), float(after[own]))
    return correlation(compared.weights, same), fall


def _points(layers: int) -> list[int]:
    """Return the lowest layer that is drawn anew at each point of the curve, the top one first."""
    chosen = np.linspace(layers - 1, 0, min(layers, CURVE_POINTS)).round().astype(int)
    return [int(place) for place in chosen]


def _curve(
    trained: Predictor,
    other: Predictor,
    drawn: Sequence[Weights],
    compared: _Compared,
    settings: Settings,
) -> list[float | None]:
    """Return the correlation after drawing the top layer, the top few, ... and all but the lowest.

    The point of all layers is that of the untrained network.
    """
    layers = [layer.get_weights() for layer in _with_weights(trained.model)]
    found = []
    for place in _points(len(layers))[:-1]:
        _set(other, [*layers[:place], *drawn[place:]])
        (weights,) = weights_of(other, compared.divided, [compared.label], settings)
        found.append(correlation(compared.weights, weights))
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
