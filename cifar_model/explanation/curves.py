"""Deletion and insertion: how a label's probability goes as superpixels are hidden, or shown."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cifar_model.explanation.regions import Divided, curve_counts
from cifar_model.prediction import AnyPredictor
from cifar_model.results import Curves


def curves(
    predictor: AnyPredictor, divided: Divided, weights: Mapping[int, Sequence[float]]
) -> dict[int, Curves]:
    """Return the curves of each label by its weights; all images are predicted together."""
    if not weights:
        return {}
    hidden = [_hidden(divided, values) for values in weights.values()]
    found = predictor.probabilities(divided.without(np.concatenate(hidden)))
    rows = np.split(found, len(weights))
    return {label: _curves(divided, of[:, label]) for label, of in zip(weights, rows, strict=True)}


def _hidden(divided: Divided, weights: Sequence[float]) -> NDArray[np.bool_]:
    """Return what is hidden at each point of both curves, one after the other."""
    rank = np.empty(divided.superpixels, np.int64)
    rank[np.argsort(-np.asarray(weights), kind="stable")] = np.arange(divided.superpixels)
    changed = rank[divided.segments] < curve_counts(divided.superpixels)[:, None, None]
    return np.concatenate([changed, ~changed])


def _curves(divided: Divided, probabilities: NDArray[np.floating]) -> Curves:
    shares = curve_counts(divided.superpixels) / divided.superpixels
    deletion, insertion = np.split(probabilities.astype(np.float64), 2)
    areas = [float(np.trapezoid(points, shares)) for points in (deletion, insertion)]
    return Curves(deletion.tolist(), insertion.tolist(), *areas)
