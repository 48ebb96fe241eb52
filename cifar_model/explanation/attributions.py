"""What a method answers for each label: weights, and what tells how far to trust them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cifar_model.errors import InputError
from cifar_model.explanation.integrity import stability
from cifar_model.explanation.lime import Neighbourhood
from cifar_model.explanation.methods import BY_LABEL, occluded
from cifar_model.explanation.regions import Divided
from cifar_model.explanation.sampling import SAMPLED
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
    if settings.method == "occlusion":
        by_seed = [[changes[:, label].tolist() for label in labels]]
    else:
        last = settings.seed + (SEEDS if settings.method in SAMPLED else 1)
        by_seed = [
            weights_of(predictor, divided, labels, replace(settings, seed=seed))
            for seed in range(settings.seed, last)
        ]
    found = []
    for place, label in enumerate(labels):
        change = changes[:, label]
        spread = float(max(change.max(), 0) - min(change.min(), 0))
        weights = [of[place] for of in by_seed]
        agreed = stability(weights) if len(weights) > 1 else 1.0
        strongest = float(np.abs(change).max())
        found.append(Answer(weights[0], None, None, agreed, spread, strongest))
    return found


def weights_of(
    predictor: AnyPredictor,
    divided: Divided,
    labels: Sequence[int],
    settings: Settings,
) -> list[list[float]]:
    """Return the weights for each label, without what tells how far to trust them."""
    seed = settings.seed % 2**32
    if settings.method in ("lime", *SAMPLED):
        _check_samples(settings.samples, divided.superpixels)
    if settings.method in SAMPLED:
        values = SAMPLED[settings.method](predictor, divided, settings.samples, seed)
        return [values[:, label].tolist() for label in labels]
    if settings.method == "lime":
        around = Neighbourhood(predictor, divided, samples=settings.samples, seed=seed)
        return [around.fit(label).weights for label in labels]
    if settings.method == "occlusion":
        changes = occluded(predictor, divided)
        return [changes[:, label].tolist() for label in labels]
    return [BY_LABEL[settings.method](predictor, divided, label) for label in labels]


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
