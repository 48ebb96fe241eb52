"""Explain one picture: LIME for every label, with what tells whether it is worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_model.errors import InputError
from cifar_model.explanation.deletion import Checks, check
from cifar_model.explanation.integrity import Integrity, judge, largest_share, stability
from cifar_model.explanation.lime import Fit, Neighbourhood
from cifar_model.explanation.regions import Picture, Segments
from cifar_model.explanation.segmentation import segment
from cifar_model.prediction import Predictor

# The seed that was asked for and the next ones: how far do they agree?
SEEDS = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """How a picture is explained."""

    segmentation: str
    samples: int
    seed: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """What speaks for and against one label; one weight per superpixel, in the order of ids."""

    label: int
    probability: float
    weights: list[float]
    intercept: float
    integrity: Integrity
    verdict: str
    reason: str
    checks: Checks


@dataclass(frozen=True, eq=False)
class Explained:
    """The explanations of one picture; segments (height, width) hold the ids of superpixels.

    `normalised` says that the network's outputs are no distribution and were made one.
    """

    segments: Segments
    predicted: int
    normalised: bool
    explanations: list[Explanation]


def explain(
    predictor: Predictor, image: NDArray[np.uint8], labels: Sequence[int], settings: Settings
) -> Explained:
    """Explain labels of a picture (height, width, 3); without labels the predicted one.

    All labels share the perturbed pictures and the predictions for them. Raises InputError if
    there are fewer samples than superpixels.
    """
    scaled = np.divide(image, 255, dtype=np.float32)
    segments = segment(scaled, settings.segmentation)
    _check_samples(settings.samples, int(segments.max()) + 1)
    neighbourhoods = [
        Neighbourhood(predictor, scaled, segments, samples=settings.samples, seed=seed % 2**32)
        for seed in range(settings.seed, settings.seed + SEEDS)
    ]
    first = neighbourhoods[0].probabilities
    predicted = int(first[0].argmax())
    chosen = list(labels) or [predicted]
    fits = [[around.fit(label) for around in neighbourhoods] for label in chosen]
    judged = [
        _integrity(scaled, segments, found, np.ptp(first[:, label]))
        for label, found in zip(chosen, fits, strict=True)
    ]
    verdicts = [judge(found) for found in judged]
    weights = {
        label: found[0].weights
        for label, found, (verdict, _) in zip(chosen, fits, verdicts, strict=True)
        if verdict != "void"
    }
    checks = check(predictor, scaled, segments, weights, settings.seed)
    explanations = [
        Explanation(
            label=label,
            probability=float(first[0, label]),
            weights=fits[number][0].weights,
            intercept=fits[number][0].intercept,
            integrity=judged[number],
            verdict=verdicts[number][0],
            reason=verdicts[number][1],
            checks=checks.get(label, Checks()),
        )
        for number, label in enumerate(chosen)
    ]
    return Explained(segments, predicted, predictor.normalises, explanations)


def _check_samples(samples: int, superpixels: int) -> None:
    if samples < superpixels:
        raise InputError(
            f"{samples} samples are too few for {superpixels} superpixels",
            "at least one sample for each superpixel, better ten",
            f"use --samples {10 * superpixels} or more",
        )


def _integrity(
    scaled: Picture, segments: Segments, fits: Sequence[Fit], spread: np.floating
) -> Integrity:
    weights = fits[0].weights
    return Integrity(
        superpixels=len(weights),
        largest_share=largest_share(segments),
        weight_range=max(weights) - min(weights),
        r2=fits[0].r2,
        stability=stability([fit.weights for fit in fits]),
        spread=float(spread),
        strongest=max(map(abs, weights)),
        one_colour=bool((scaled == scaled[0, 0]).all()),
    )
