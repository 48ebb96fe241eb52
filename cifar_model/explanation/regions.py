"""Superpixels as regions: which of them count, and where they lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Segments = NDArray[np.int32]
Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Divided:
    """An image in [0, 1], the superpixels it is divided into, and what stands for hidden ones.

    `filled` is the image with every superpixel hidden: one superpixel is hidden by its pixels.
    """

    scaled: Picture
    segments: Segments
    filled: Picture

    @property
    def superpixels(self) -> int:
        """Return how many there are."""
        return int(self.segments.max()) + 1

    def without(self, hidden: NDArray[np.bool_]) -> Picture:
        """Return an image for each region (n, height, width), in which it is hidden."""
        return np.where(hidden[..., None], self.filled, self.scaled)


# How many superpixels are shown, compared and removed: those with the largest weights either way.
SHOWN = 5

# Steps of the curves of deletion and insertion, or fewer where there are fewer superpixels.
CURVE_STEPS = 10


def strongest(weights: Sequence[float], count: int = SHOWN) -> list[int]:
    """Return the superpixels with the largest weights either way, the strongest first."""
    ranked = np.argsort(np.abs(weights), kind="stable")[::-1]
    return [int(number) for number in ranked[:count]]


def mask(segments: Segments, weights: Sequence[float]) -> NDArray[np.int8]:
    """Return 1 where a shown superpixel speaks for the class, -1 where against it, else 0."""
    signs = np.zeros(len(weights), np.int8)
    shown = strongest(weights)
    signs[shown] = np.sign(np.asarray(weights)[shown])
    placed: NDArray[np.int8] = signs[segments]
    return placed


def curve_counts(superpixels: int) -> NDArray[np.int64]:
    """Return how many superpixels are changed at each point of a curve, from none to all."""
    return np.unique(np.linspace(0, superpixels, CURVE_STEPS + 1).round().astype(np.int64))
