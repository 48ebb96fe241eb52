"""Tell whether a network's outputs for an image say anything about images it was not trained on.

A network that knows the labels of its training images by heart depends on an image as a good one
does: hiding what it looks at changes its prediction. Only labels that it has not seen tell the two
apart, here those of the held-out images whose outputs are most like the explained image's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from cifar_model.data import Split
from cifar_model.prediction import AnyPredictor

# So many held-out images are predicted, and at most so many of them are compared with an image.
IMAGES, MOST_SIMILAR = 1000, 50


@dataclass(frozen=True, slots=True)
class Similar:
    """The held-out images whose outputs are most like those of an explained image.

    Of `images`, the share `right` has the class that is predicted for the explained image; `chance`
    is the probability that at least so many of random held-out images have it.
    """

    images: int
    right: float
    chance: float


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What a network puts out for images that it was not trained on, and their labels.

    `numbers` are their places in the split, and `roots` the square roots of the probabilities: the
    distance of two rows is then that of Hellinger, up to a factor.
    """

    numbers: NDArray[np.int64]
    roots: NDArray[np.floating]
    labels: NDArray[np.int64]

    def without(self, number: int) -> "HeldOut":
        """Return all but one image, for an explanation of that one."""
        others = self.numbers != number
        return HeldOut(self.numbers[others], self.roots[others], self.labels[others])


def held_out(predictor: AnyPredictor, split: Split) -> HeldOut:
    """Predict images of a split, spread evenly: data sets may have them in the order of classes."""
    numbers = np.linspace(0, len(split) - 1, min(len(split), IMAGES)).astype(np.int64)
    parts = np.array_split(numbers, max(1, -(-len(numbers) // predictor.batch)))
    found = [predictor.probabilities(split.scaled(part)) for part in parts if len(part)]
    rows = np.concatenate(found) if found else np.empty((0, predictor.classes))
    return HeldOut(numbers, np.sqrt(rows), split.labels[numbers])


def similar(known: HeldOut, probabilities: NDArray[np.floating]) -> Similar | None:
    """Return how often the held-out images with similar outputs have the predicted class.

    None if there are fewer held-out images than classes.
    """
    count = min(MOST_SIMILAR, len(known.labels) // len(probabilities))
    if not count:
        return None
    distances = ((known.roots - np.sqrt(probabilities)) ** 2).sum(axis=1)
    has = known.labels == probabilities.argmax()
    right = int(has[np.argsort(distances, kind="stable")[:count]].sum())
    chance = hypergeom.sf(right - 1, len(has), int(has.sum()), count)
    return Similar(count, right / count, float(chance))
