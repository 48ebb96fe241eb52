"""Check an explanation on the network itself: really remove regions, and see what it says then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.explanation.imputation import imputed
from cifar_model.explanation.regions import Divided, Picture, Segments, mask
from cifar_model.prediction import AnyPredictor
from cifar_model.results import Checks

# So many random regions of the same area are removed for comparison, and their mean is kept.
RANDOM_REGIONS = 20

# The shown regions are compared with this percentile of the probabilities without random regions.
LOW = 0.05

Region = NDArray[np.bool_]
Probabilities = NDArray[np.floating]
Masks = Mapping[int, NDArray[np.int8]]


def check(
    predictor: AnyPredictor,
    divided: Divided,
    weights: Mapping[int, Sequence[float]],
    seed: int,
) -> dict[int, Checks]:
    """Check the explanations of an image by their weights, a list for each label."""
    masks = {label: mask(divided.segments, values) for label, values in weights.items()}
    remover = _Remover(predictor, divided, seed)
    return {
        label: Checks(**_deletion(remover, label, masks), **_contrast(remover, label, masks))
        for label in masks
    }


@dataclass(frozen=True, slots=True)
class _Removed:
    """The probabilities of every class without a region, without random ones, and of others."""

    without: Probabilities
    random: Probabilities
    others: Probabilities


class _Remover:
    """Remove regions of one image: they get what stands for their superpixels."""

    def __init__(self, predictor: AnyPredictor, divided: Divided, seed: int) -> None:
        self.predictor = predictor
        self.divided = divided
        self.random = np.random.default_rng(seed)
        # Of its own, so that the random regions are those of earlier versions.
        self.noise = np.random.default_rng([seed, 1])

    def without(self, region: Region, *others: Picture) -> _Removed:
        """Return the probabilities without a region, without random ones of its area, of others."""
        area = int(region.sum())
        divided = self.divided
        random = [
            _random_region(self.random, divided.segments, area) for _ in range(RANDOM_REGIONS)
        ]
        pictures = divided.without(np.array([region, *random]))
        # Together, because a batch takes the same time however full it is.
        found = self.predictor.probabilities(
            np.concatenate([pictures, *(of[None] for of in others)])
        )
        return _Removed(found[0], found[1 : len(pictures)], found[len(pictures) :])


def _deletion(remover: _Remover, label: int, masks: Masks) -> dict[str, Any]:
    region = masks[label] > 0
    if not region.any():
        return {}
    found = remover.without(region, imputed(remover.divided.scaled, region, remover.noise))
    random = found.random[:, label]
    return {
        "removed": float(found.without[label]),
        "removed_random": float(found.random.mean(axis=0)[label]),
        "removed_random_low": float(np.quantile(random, LOW)),
        "removed_imputed": float(found.others[0, label]),
    }


def _contrast(remover: _Remover, label: int, masks: Masks) -> dict[str, Any]:
    if len(masks) != 2:
        return {}
    (other,) = masks.keys() - {label}
    region = (masks[label] > 0) | (masks[other] < 0)
    if not region.any():
        return {}
    found = remover.without(region)
    without, random = found.without, found.random.mean(axis=0)
    return {
        "other": other,
        "contrast": float(without[label]),
        "contrast_other": float(without[other]),
        "contrast_random": float(random[label]),
        "contrast_other_random": float(random[other]),
    }


def _random_region(random: np.random.Generator, segments: Segments, area: int) -> Region:
    """Return a union of random superpixels; the last one is cut, so that the area is the same."""
    rank = random.permutation(int(segments.max()) + 1)
    order = np.argsort(rank[segments], axis=None, kind="stable")
    region = np.zeros(segments.size, np.bool_)
    region[order[:area]] = True
    return region.reshape(segments.shape)
