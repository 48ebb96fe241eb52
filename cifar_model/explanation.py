"""Explain a prediction with LIME: which superpixels speak for a label, and is that worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray
from skimage.segmentation import slic
from sklearn.metrics import pairwise_distances

from cifar_model.errors import InputError
from cifar_model.prediction import Predictor

# LIME's default finds one to three superpixels on 99 % of 32x32 pictures; these find 16 to 36.
SUPERPIXELS = 40
COMPACTNESS = 10

# How many superpixels a mask shows: those with the largest weights either way.
SHOWN = 5

# Below these the linear model says nothing of the network, or little.
VOID_R2, WEAK_R2 = 0.1, 0.5
WEAK_SUPERPIXELS = 8
VOID_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class Explanation:
    """What speaks for and against one label; one weight per superpixel, in the order of ids.

    The mask (height, width) has 1 where a shown superpixel speaks for the label and -1 against it.
    """

    label: int
    probability: float
    weights: list[float]
    intercept: float
    r2: float
    mask: NDArray[np.int8]
    verdict: str
    reason: str


@dataclass(frozen=True, eq=False)
class Explained:
    """The explanations of one picture; segments (height, width) hold the ids of superpixels."""

    segments: NDArray[np.int32]
    predicted: int
    explanations: list[Explanation]


def explain(
    predictor: Predictor,
    image: NDArray[np.uint8],
    labels: Sequence[int],
    *,
    samples: int,
    seed: int,
) -> Explained:
    """Explain labels of a picture (height, width, 3); without labels the predicted one.

    All labels share the perturbed pictures and the predictions for them. Raises InputError if
    there are fewer samples than superpixels.
    """
    scaled = np.divide(image, 255, dtype=np.float32)
    segments = segment(scaled)
    superpixels = int(segments.max()) + 1
    if samples < superpixels:
        raise InputError(
            f"{samples} samples are too few for {superpixels} superpixels",
            "at least one sample for each superpixel, better ten",
            f"use --samples {10 * superpixels} or more",
        )
    lime = LimeImageExplainer(random_state=seed)
    # LIME draws a seed for its own segmentation before the perturbations; ours needs none.
    lime.random_state.randint(0, high=1000)
    kept = lime.random_state.randint(0, 2, samples * superpixels).reshape(samples, superpixels)
    kept[0, :] = 1
    probabilities = _predict(predictor, scaled, segments, kept)
    predicted = int(probabilities[0].argmax())
    distances = pairwise_distances(kept, kept[:1], metric="cosine").ravel()
    explanations = []
    for label in labels or [predicted]:
        intercept, ranked, r2, _ = lime.base.explain_instance_with_data(
            kept, probabilities, distances, label, superpixels, feature_selection="auto"
        )
        weights = [float(weight) for _, weight in sorted(ranked)]
        verdict, reason = judge(weights, float(r2))
        explanations.append(
            Explanation(
                label=label,
                probability=float(probabilities[0, label]),
                weights=weights,
                intercept=float(intercept),
                r2=float(r2),
                mask=_mask(segments, weights),
                verdict=verdict,
                reason=reason,
            )
        )
    return Explained(segments, predicted, explanations)


def segment(scaled: NDArray[np.float32]) -> NDArray[np.int32]:
    """Divide a picture in [0, 1] into superpixels with ids 0, 1, 2, ... and no gap.

    A gap in the ids would make LIME's weights those of other superpixels.
    """
    found = slic(
        scaled, n_segments=SUPERPIXELS, compactness=COMPACTNESS, start_label=0, channel_axis=-1
    )
    _, compact = np.unique(found, return_inverse=True)
    return compact.reshape(found.shape).astype(np.int32)


def judge(weights: Sequence[float], r2: float) -> tuple[str, str]:
    """Return a verdict, `sound`, `weak` or `void`, and its reason."""
    largest = max(abs(weight) for weight in weights)
    if len(weights) == 1:
        return "void", "one superpixel: the whole picture, whatever the network does"
    if largest < VOID_WEIGHT:
        return "void", f"no superpixel changes the probability by {VOID_WEIGHT}"
    if r2 < VOID_R2:
        return "void", f"R2 {r2:.2f}: the linear model does not follow the network"
    if r2 < WEAK_R2:
        return "weak", f"R2 {r2:.2f}: the linear model follows the network only in part"
    if len(weights) < WEAK_SUPERPIXELS:
        return "weak", f"{len(weights)} superpixels divide the picture coarsely"
    return "sound", f"{len(weights)} superpixels, R2 {r2:.2f}"


def _predict(
    predictor: Predictor,
    scaled: NDArray[np.float32],
    segments: NDArray[np.int32],
    kept: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the probabilities for every perturbation; equal ones are predicted once."""
    filled = fill(scaled, segments)
    packed = np.packbits(kept.astype(bool), axis=1)
    _, first, back = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    shown = kept[first].astype(bool)[:, segments]
    pictures = np.where(shown[..., None], scaled, filled)
    return predictor.probabilities(pictures)[back.ravel()]


def fill(scaled: NDArray[np.float32], segments: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the picture with every superpixel in its mean colour: what stands for a hidden one."""
    filled = scaled.copy()
    for superpixel in range(int(segments.max()) + 1):
        inside = segments == superpixel
        filled[inside] = [np.mean(scaled[inside][:, channel]) for channel in range(3)]
    return filled


def _mask(segments: NDArray[np.int32], weights: Sequence[float]) -> NDArray[np.int8]:
    signs = np.sign(weights).astype(np.int8)
    shown = np.argsort(np.abs(weights), kind="stable")[::-1][:SHOWN]
    hidden = np.setdiff1d(np.arange(len(weights)), shown)
    signs[hidden] = 0
    mask: NDArray[np.int8] = signs[segments]
    return mask
