"""Measure what tells an explanation of a network from one of the image alone, for every method."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cifar_model.explanation.attributions import weights_of
from cifar_model.explanation.held_out import Similar
from cifar_model.explanation.randomisation import correlation
from cifar_model.explanation.regions import Divided
from cifar_model.explanation.segmentation import divided_as
from cifar_model.explanation.settings import Settings
from cifar_model.prediction import AnyPredictor
from cifar_model.results import Checks, Curves, Evidence, Randomisation

# The standard deviation of the noise that is added to an image in [0, 1]: hardly visible.
NOISE = 0.02

# The methods whose weights add up to the change of the probability from the filled image.
COMPLETE = ("integrated_gradients",)


def with_noise(scaled: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return an image in [0, 1] with a little noise."""
    noise = np.random.default_rng(seed).normal(0, NOISE, scaled.shape)
    return np.clip(scaled + noise, 0, 1).astype(np.float32)


def weights_with_noise(
    predictor: AnyPredictor,
    divided: Divided,
    noisy: NDArray[np.float32],
    labels: Sequence[int],
    settings: Settings,
) -> dict[int, list[float]]:
    """Return the weights of each label for the noisy image, in the same superpixels."""
    if not labels:
        return {}
    again = divided_as(noisy, divided.segments, settings.segmentation)
    found = weights_of(predictor, again, labels, settings)
    return dict(zip(labels, found, strict=True))


def evidence(
    weights: Sequence[float],
    noisy: Sequence[float] | None,
    other: Sequence[float],
    measured: tuple[Checks, Curves],
    settings: Settings,
) -> Evidence:
    """Return the evidence on an explanation by its weights.

    `noisy` are the weights for the image with a little noise, `other` those for another label.
    """
    checks, curves = measured
    change = curves.deletion[0] - curves.deletion[-1]
    return Evidence(
        removed_random_low=checks.removed_random_low,
        removed_imputed=checks.removed_imputed,
        input_correlation=None if noisy is None else correlation(weights, noisy),
        other_correlation=correlation(weights, other),
        completeness=sum(weights) - change if settings.method in COMPLETE else None,
    )


def of_trial(
    found: Evidence, randomisation: Randomisation | None, similar: Similar | None
) -> Evidence:
    """Return evidence with what is known of the trial, if that was measured."""
    if randomisation is not None:
        correlated, fall = randomisation.correlation, randomisation.fall
        found = replace(found, untrained_correlation=correlated, untrained_fall=fall)
    if similar is None:
        return found
    return replace(
        found,
        similar_images=similar.images,
        similar_right=similar.right,
        similar_chance=similar.chance,
    )
