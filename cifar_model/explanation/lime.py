"""LIME, faster than the package and with the same numbers: the only module that imports it."""

from dataclasses import dataclass

import numpy as np
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances

from cifar_model.explanation.regions import Divided
from cifar_model.explanation.sampling import predict_kept
from cifar_model.prediction import AnyPredictor

# What LIME's `explain_instance` asks for: every superpixel, ranked, however few there are.
EVERY_FEATURE = 100_000


@dataclass(frozen=True, slots=True)
class Fit:
    """The linear model for one label: a weight per superpixel, in the order of ids."""

    weights: list[float]
    intercept: float
    r2: float


class Neighbourhood:
    """The perturbed images that one seed gives, and what a network says of each.

    The labels of an image share it. Perturbations are drawn as the package draws them, but
    applied all at once, and equal ones are predicted once.
    """

    def __init__(
        self,
        predictor: AnyPredictor,
        divided: Divided,
        *,
        samples: int,
        seed: int,
        known: "Neighbourhood | None" = None,
    ) -> None:
        """Draw and predict; what a smaller one of the same seed has predicted is taken over."""
        self._lime = LimeImageExplainer(random_state=seed)
        # LIME draws a seed for its segmentation before the perturbations.
        self._lime.random_state.randint(0, high=1000)
        drawn = self._lime.random_state.randint(0, 2, samples * divided.superpixels)
        self._kept = drawn.reshape(samples, divided.superpixels)
        self._kept[0, :] = 1
        before = [] if known is None else [known.probabilities]
        new = self._kept[sum(map(len, before)) :]
        self.probabilities: NDArray[np.floating] = np.concatenate(
            [*before, predict_kept(predictor, divided, new)]
        )
        """A row of probabilities for each perturbation; the first is the image as it is."""
        self._distances = pairwise_distances(self._kept, self._kept[:1], metric="cosine").ravel()

    def fit(self, label: int) -> Fit:
        """Return the linear model that LIME finds for a label."""
        intercept, ranked, r2, _ = self._lime.base.explain_instance_with_data(
            self._kept,
            self.probabilities,
            self._distances,
            label,
            EVERY_FEATURE,
            feature_selection="auto",
        )
        weights = [float(weight) for _, weight in sorted(ranked)]
        return Fit(weights, float(intercept), float(r2))
