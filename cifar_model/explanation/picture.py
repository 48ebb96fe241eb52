"""Explain one image: a method's weights for every label, and whether they are worth a look."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cifar_model.errors import InputError
from cifar_model.explanation.attributions import Answer, answers
from cifar_model.explanation.curves import curves
from cifar_model.explanation.deletion import check
from cifar_model.explanation.evidence import (
    evidence,
    of_trial,
    weights_with_noise,
    with_noise,
)
from cifar_model.explanation.held_out import HeldOut, similar
from cifar_model.explanation.integrity import judge as judge_fit
from cifar_model.explanation.integrity import largest_share
from cifar_model.explanation.regions import Divided
from cifar_model.explanation.segmentation import divide
from cifar_model.explanation.settings import Settings
from cifar_model.explanation.verdict import RULES, judge
from cifar_model.prediction import AnyPredictor
from cifar_model.results import Checks, Explained, Explanation, Integrity, Randomisation


def explain(
    predictor: AnyPredictor,
    image: NDArray[np.uint8],
    labels: Sequence[int],
    settings: Settings,
    randomisation: Randomisation | None = None,
    held_out: HeldOut | None = None,
) -> Explained:
    """Explain labels of an image (height, width, channels); without labels the predicted one.

    `randomisation` and `held_out` are of the same network, the latter without this image. Without
    them the verdicts do not say whether an untrained network is explained in the same way, and
    whether what the network has learned holds for other images.

    Raises InputError if the network takes other images or has no such label, or if there are
    fewer samples than superpixels.
    """
    _check_fit(predictor, image, labels)
    scaled = np.divide(image, 255, dtype=np.float32)
    divided = divide(scaled, settings.segmentation)
    changed = with_noise(scaled, settings.seed)
    base, after = predictor.probabilities(np.stack([scaled, changed]))
    chosen = list(labels) or [int(base.argmax())]
    others = {label: (label + 1) % predictor.classes for label in chosen}
    found, settings = _answered(predictor, divided, chosen, others.values(), settings)
    judged = {label: _integrity(divided, found[label]) for label in chosen}
    fits = {label: judge_fit(integrity) for label, integrity in judged.items()}
    # What says nothing names no regions that could be removed.
    trusted = {label: found[label].weights for label in chosen if fits[label][0] != "void"}
    checks = check(predictor, divided, trusted, settings.seed)
    drawn = curves(predictor, divided, trusted)
    # Nothing is known of the noise if it changes the predicted class.
    compared = list(trusted) if base.argmax() == after.argmax() else []
    noisy = weights_with_noise(predictor, divided, changed, compared, settings)
    alike = similar(held_out, base) if held_out is not None else None

    def explanation(label: int) -> Explanation:
        """Put together what was found of a label."""
        probability, weights = float(base[label]), found[label].weights
        tested, curve = checks.get(label, Checks()), drawn.get(label)
        known = None
        if curve is not None:
            other = found[others[label]].weights
            known = evidence(weights, noisy.get(label), other, (tested, curve), settings)
            known = of_trial(known, randomisation, alike)
        verdict, reason = judge(fits[label], probability, tested, known)
        return Explanation(
            label=label,
            probability=probability,
            weights=weights,
            intercept=found[label].intercept,
            integrity=judged[label],
            verdict=verdict,
            reason=reason,
            checks=tested,
            curves=curve,
            rules=RULES,
            evidence=known,
        )

    explanations = [explanation(label) for label in chosen]
    predicted, normalised = int(base.argmax()), predictor.normalises
    return Explained(divided.segments, predicted, normalised, explanations, settings.samples)


def _answered(
    predictor: AnyPredictor,
    divided: Divided,
    chosen: Sequence[int],
    others: Iterable[int],
    settings: Settings,
) -> tuple[dict[int, Answer], Settings]:
    """Return the answers for the labels that were asked for and for others, and the samples used.

    Only the labels that were asked for decide how many are enough.
    """
    every = list(dict.fromkeys([*chosen, *others]))
    found = dict(zip(every, answers(predictor, divided, every, settings, len(chosen)), strict=True))
    return found, replace(settings, samples=found[chosen[0]].samples)


def _check_fit(predictor: AnyPredictor, image: NDArray[np.uint8], labels: Sequence[int]) -> None:
    taken, classes = predictor.shape, predictor.classes
    if image.shape != taken:
        raise InputError(
            f"the image is {_size(image.shape)}, and the network takes {_size(taken)}",
            "an image of the size that the network was trained on",
            "explain images of the trial's own data set",
        )
    unknown = [label for label in labels if not 0 <= label < classes]
    if unknown:
        raise InputError(
            f"label {', '.join(map(str, unknown))}: the network has no such class",
            f"labels from 0 to {classes - 1}",
            "correct the labels",
        )


def _size(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _integrity(divided: Divided, answer: Answer) -> Integrity:
    return Integrity(
        superpixels=len(answer.weights),
        largest_share=largest_share(divided.segments),
        weight_range=max(answer.weights) - min(answer.weights),
        r2=answer.r2,
        stability=answer.stability,
        spread=answer.spread,
        strongest=answer.strongest,
        one_colour=bool((divided.scaled == divided.scaled[0, 0]).all()),
    )
