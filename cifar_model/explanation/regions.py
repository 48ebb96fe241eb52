"""Superpixels as regions: which of them count, where they lie, and how they are hidden."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Segments = NDArray[np.int32]
Picture = NDArray[np.float32]

# How many superpixels are shown, compared and removed: those with the largest weights either way.
SHOWN = 5


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


def fill(scaled: Picture, segments: Segments) -> Picture:
    """Return the picture with every superpixel in its mean colour: what stands for a hidden one."""
    filled = scaled.copy()
    for superpixel in range(int(segments.max()) + 1):
        inside = segments == superpixel
        filled[inside] = [np.mean(scaled[inside][:, channel]) for channel in range(3)]
    return filled
