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
        """Return the share of the total absolute weight at each pixel, with the weight's sign."""
        segments = self.segments.ravel()
        shares: Weights = (self._relative() / np.bincount(segments))[segments]
        return shares

    def permuted(self) -> Weights:
        """Return the shares of each pixel with every superpixel's weight, a row for each weight."""
        segments = self.segments.ravel()
        shares: Weights = self._relative()[:, None] / np.bincount(segments)[segments]
        return shares

    def _relative(self) -> Weights:
        """Return the weights as shares of the total absolute weight."""
        relative: Weights = self.weights / np.abs(self.weights).sum()
        return relative


@dataclass(frozen=True, slots=True)
class Similarity:
    """The similarity of two explanations; a measure that is not defined is None.

    The two `chance` fields are the expected values if the second's weights are randomly permuted:
    the exact means over all permutations; nothing is sampled.
    """

    shared_weight: float
    shared_weight_chance: float
    shared_weight_signed: float
    shared_weight_signed_chance: float
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
    own, other, permuted = first.shares(), second.shares(), second.permuted()
    return Similarity(
        shared_weight=float(_shared(own, other).sum()),
        shared_weight_chance=float(_shared(own, permuted).mean(axis=0).sum()),
        shared_weight_signed=float(_shared_signed(own, other).sum()),
        shared_weight_signed_chance=float(_shared_signed(own, permuted).mean(axis=0).sum()),
        overlap=float(both.sum() / either.sum()),
        rank_correlation=correlation(*(rankdata(of.ravel()) for of in weights)),
        sign_flips=float(flipped.sum() / both.sum()) if both.any() else None,
    )


def _shared(first: Weights, second: Weights) -> Weights:
    """Return the weight that two put on each pixel, whatever its signs."""
    return np.minimum(np.abs(first), np.abs(second))


def _shared_signed(first: Weights, second: Weights) -> Weights:
    """Return the weight that two put on each pixel with the same sign."""
    return np.where(np.sign(first) == np.sign(second), _shared(first, second), 0)
