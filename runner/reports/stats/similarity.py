"""Measures of the similarity of two explanations of one image."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.explanation.regions import mask
from runner.reports.stats.param_importance import correlation

Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Shown:
    """An explanation's superpixels (height, width) and the weight of each."""

    segments: NDArray[Any]
    weights: Weights

    def signs(self) -> NDArray[np.int8]:
        """Return 1 where shown regions support the class, -1 where they oppose it, 0 elsewhere."""
        return mask(self.segments, self.weights.tolist())

    def shares(self) -> Weights:
        """Return the share of the total absolute weight at each pixel."""
        sizes = np.abs(self.weights)
        shares: Weights = (sizes / sizes.sum() / np.bincount(self.segments.ravel()))[self.segments]
        return shares


@dataclass(frozen=True, slots=True)
class Similarity:
    """The similarity of two explanations; a measure that is not defined is None."""

    shared_weight: float
    shared_weight_chance: float
    overlap: float
    rank_correlation: float | None
    sign_flips: float | None


def similarity(first: Shown, second: Shown, *, same_segments: bool) -> Similarity | None:
    """Return the similarity of two explanations; None if one of them shows no region.

    Rank correlation is computed over superpixels if these are the same, and otherwise over pixels,
    each with the weight of its superpixel.
    """
    signs = first.signs(), second.signs()
    if not all(of.any() for of in signs):
        return None
    both = (signs[0] != 0) & (signs[1] != 0)
    either = (signs[0] != 0) | (signs[1] != 0)
    flipped = both & (signs[0] != signs[1])
    from scipy.stats import rankdata

    weights = [of.weights if same_segments else of.weights[of.segments] for of in (first, second)]
    return Similarity(
        shared_weight=float(np.minimum(first.shares(), second.shares()).sum()),
        shared_weight_chance=_shared_by_chance(first, second),
        overlap=float(both.sum() / either.sum()),
        rank_correlation=correlation(*(rankdata(of.ravel()) for of in weights)),
        sign_flips=float(flipped.sum() / both.sum()) if both.any() else None,
    )


def _shared_by_chance(first: Shown, second: Shown) -> float:
    """Return the expected shared weight if the second's weights are randomly permuted.

    This is the exact mean over all permutations of the weights; nothing is sampled.
    """
    shares = np.abs(second.weights) / np.abs(second.weights).sum()
    sizes = np.bincount(second.segments.ravel())[second.segments].ravel()
    dealt = shares[:, None] / sizes
    return float(np.minimum(first.shares().ravel(), dealt).mean(axis=0).sum())
