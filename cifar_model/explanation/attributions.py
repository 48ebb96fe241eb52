"""What a method answers for each label: weights, and what tells how far to trust them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cifar_model.errors import InputError
from cifar_model.explanation.integrity import agreement, stability
from cifar_model.explanation.lime import Fit, Neighbourhood
from cifar_model.explanation.methods import BY_LABEL, occluded
from cifar_model.explanation.regions import Divided
from cifar_model.explanation.sampling import SAMPLED
from cifar_model.explanation.settings import SAMPLING, Settings
from cifar_model.prediction import AnyPredictor

# The seed that was asked for and the next ones: how far do they agree?
SEEDS = 3

# With `auto`, the samples are doubled from the first to the last number until the weights of the
# seeds have this correlation; that with the weights of unlimited samples is then about 0.95.
FIRST_SAMPLES, LAST_SAMPLES = 250, 8000
SAMPLES_PER_SUPERPIXEL = 2
AGREED = 0.9


@dataclass(frozen=True, slots=True)
class Answer:
    """One label's weights by superpixel; only LIME has a linear model and so intercept and R2.

    `spread` is the range of the label's probability over what was hidden, `strongest` the largest
    change that one superpixel makes, and methods without a seed have a stability of 1. `samples` is
    the number of them that was used.
    """

    weights: list[float]
    intercept: float | None
    r2: float | None
    stability: float
    spread: float
    strongest: float
    samples: int


def answers(
    predictor: AnyPredictor,
    divided: Divided,
    labels: Sequence[int],
    settings: Settings,
    decisive: int = 1,
) -> list[Answer]:
    """Return the answer of the method for each label; they share the predictions.

    With `auto`, there are as many samples as the first `decisive` labels need.
    """
    if settings.method == "lime":
        return _lime(predictor, divided, labels, settings, decisive)
    changes = occluded(predictor, divided)
    samples = settings.samples
    if settings.method == "occlusion":
        by_seed = [[changes[:, label].tolist() for label in labels]]
    else:

        def drawn(samples: int) -> list[list[list[float]]]:
            last = settings.seed + (SEEDS if settings.method in SAMPLED else 1)
            by_seed = [replace(settings, seed=seed) for seed in range(settings.seed, last)]
            return [
                weights_of(predictor, divided, labels, replace(each, samples=samples))
                for each in by_seed
            ]

        samples, by_seed = _enough(settings, divided.superpixels, drawn, decisive)
    found = []
    for place, label in enumerate(labels):
        change = changes[:, label]
        spread = float(max(change.max(), 0) - min(change.min(), 0))
        weights = [of[place] for of in by_seed]
        agreed = stability(weights) if len(weights) > 1 else 1.0
        strongest = float(np.abs(change).max())
        found.append(Answer(weights[0], None, None, agreed, spread, strongest, samples))
    return found


def weights_of(
    predictor: AnyPredictor,
    divided: Divided,
    labels: Sequence[int],
    settings: Settings,
) -> list[list[float]]:
    """Return the weights for each label, without what tells how far to trust them."""
    seed = settings.seed % 2**32
    if settings.method in SAMPLING:
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
    decisive: int,
) -> list[Answer]:
    around: list[Neighbourhood] = []
    fits: list[list[Fit]] = []

    def drawn(samples: int) -> list[list[list[float]]]:
        nonlocal around, fits
        _check_samples(samples, divided.superpixels)
        around = [
            Neighbourhood(
                predictor,
                divided,
                samples=samples,
                seed=(settings.seed + place) % 2**32,
                known=around[place] if around else None,
            )
            for place in range(SEEDS)
        ]
        fits = [[each.fit(label) for label in labels] for each in around]
        return [[fit.weights for fit in of_seed] for of_seed in fits]

    samples, by_seed = _enough(settings, divided.superpixels, drawn, decisive)
    found = []
    for place, label in enumerate(labels):
        fit = fits[0][place]
        found.append(
            Answer(
                weights=fit.weights,
                intercept=fit.intercept,
                r2=fit.r2,
                stability=stability([of[place] for of in by_seed]),
                spread=float(np.ptp(around[0].probabilities[:, label])),
                strongest=max(map(abs, fit.weights)),
                samples=samples,
            )
        )
    return found


def _enough(
    settings: Settings,
    superpixels: int,
    drawn: Callable[[int], list[list[list[float]]]],
    decisive: int,
) -> tuple[int, list[list[list[float]]]]:
    """Return how many samples are used, and the weights that they give, by seed and label."""
    if not settings.auto or settings.method not in SAMPLING:
        return settings.samples, drawn(settings.samples)
    samples = FIRST_SAMPLES
    while samples < SAMPLES_PER_SUPERPIXEL * superpixels:
        samples *= 2
    while True:
        by_seed = drawn(samples)
        agreed = min(agreement([of[place] for of in by_seed]) for place in range(decisive))
        if agreed >= AGREED or samples >= LAST_SAMPLES:
            return samples, by_seed
        samples *= 2


def _check_samples(samples: int, superpixels: int) -> None:
    if samples < superpixels:
        raise InputError(
            f"{samples} samples are too few for {superpixels} superpixels",
            "at least one sample per superpixel; ten are recommended",
            f"use --samples {10 * superpixels} or more",
        )
