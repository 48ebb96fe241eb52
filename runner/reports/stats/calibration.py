"""How well probabilities are calibrated: whether they are how often the predictions are right."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.reports.stats.uncertainty import wilson

BINS = 10


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The images whose predicted class has a probability in a range: how many of them are right."""

    low: float
    high: float
    images: int
    confidence: float
    accuracy: float
    interval: list[float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reliability diagram of an evaluation and its expected calibration error (ECE).

    The ECE is the mean over all images of how far a bin's accuracy is from its confidence.
    """

    split: str
    error: float
    bins: list[CalibrationBin]


def calibration(split: str, probabilities: NDArray[Any], labels: NDArray[Any]) -> Calibration:
    """Return the calibration of probabilities (images, classes) in bins of equal width."""
    confidence = probabilities.max(axis=1).astype(float)
    right = probabilities.argmax(axis=1) == labels
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for place in range(BINS):
        inside = places == place
        if (count := int(inside.sum())) == 0:
            continue
        known = int(right[inside].sum())
        bins.append(
            CalibrationBin(
                low=place / BINS,
                high=(place + 1) / BINS,
                images=count,
                confidence=float(confidence[inside].mean()),
                accuracy=known / count,
                interval=wilson(known, count),
            )
        )
    off = sum(each.images * abs(each.accuracy - each.confidence) for each in bins)
    return Calibration(split, off / len(labels), bins)
