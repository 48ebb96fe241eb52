"""What a method answers for each label: weights, and what tells how far to trust them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cifar_model.errors import InputError
from cifar_model.explanation.integrity import stability
from cifar_model.explanation.lime import Neighbourhood
from cifar_model.explanation.methods import BY_LABEL, occluded
from cifar_model.explanation.regions import Divided
from cifar_model.explanation.settings import Settings
from cifar_model.prediction import AnyPredictor

# The seed that was asked for and the next ones: how far do they agree?
SEEDS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One label's weights by superpixel; only LIME has a linear model and so intercept and R2.

    `spread` is the range of the label's probability over what was hidden, `strongest` the largest
    change that one superpixel makes, and methods without a seed have a stability of 1.
    """

    weights: list[float]
    intercept: float | None
    r2: float | None
    stability: float
    spread: float
    strongest: float


def answers(
    predictor: AnyPredictor,
    divided: Divided,
    labels: Sequence[int],
    settings: Settings,
) -> list[Answer]:
    """Return the answer of the method for each label; they share the predictions."""
    if settings.method == "lime":
        return _lime(predictor, divided, labels, settings)
    changes = occluded(predictor, divided)
    found = []
    for label in labels:
        change = changes[:, label]
        weights = change.tolist()
        if settings.method != "occlusion":
            weights = BY_LABEL[settings.method](predictor, divided, label)
        spread = float(max(change.max(), 0) - min(change.min(), 0))
        found.append(Answer(weights, None, None, 1.0, spread, float(np.abs(change).max())))
    return found


def _lime(
    predictor: AnyPredictor,
    divided: Divided,
    labels: Sequence[int],
    settings: Settings,
) -> list[Answer]:
    _check_samples(settings.samples, divided.superpixels)
    around = [
        Neighbourhood(predictor, divided, samples=settings.samples, seed=seed % 2**32)
        for seed in range(settings.seed, settings.seed + SEEDS)
    ]
    found = []
    for label in labels:
        fits = [neighbourhood.fit(label) for neighbourhood in around]
        weights = fits[0].weights
        found.append(
            Answer(
                weights=weights,
                intercept=fits[0].intercept,
                r2=fits[0].r2,
                stability=stability([fit.weights for fit in fits]),
                spread=float(np.ptp(around[0].probabilities[:, label])),
                strongest=max(map(abs, weights)),
            )
        )
    return found


def _check_samples(samples: int, superpixels: int) -> None:
    if samples < superpixels:
        raise InputError(
            f"{samples} samples are too few for {superpixels} superpixels",
            "at least one sample per superpixel; ten are recommended",
            f"use --samples {10 * superpixels} or more",
        )
