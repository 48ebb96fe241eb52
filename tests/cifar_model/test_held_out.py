"""An explanation is of what holds for other images, too: held-out images with similar outputs."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cifar_model.data import Split
from cifar_model.explanation.held_out import IMAGES, MOST_SIMILAR, HeldOut, held_out, similar
from cifar_model.explanation.picture import explain
from cifar_model.explanation.settings import Settings
from cifar_model.explanation.verdict import NOT_HELD_OUT
from tests.cifar_model.test_methods import edges_on_the_left
from tests.cifar_model.untrained import PICTURES, make_predictor

CLASSES = 10
STEEPER = 20


def outputs(labels: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Return rows of probabilities with the most for the labels."""
    rows = np.random.default_rng(seed).uniform(0, 1, (len(labels), CLASSES))
    rows[np.arange(len(labels)), labels] += 5
    found: NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return found


def bar() -> NDArray[np.uint8]:
    """Return an almost grey image with a bright bar on the left."""
    image = np.random.default_rng(0).integers(98, 102, (32, 32, 3)).astype(np.uint8)
    image[8:24, 6:10] = 255
    return image


def known(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> HeldOut:
    return HeldOut(np.arange(len(labels)), np.sqrt(outputs(predicted, 0)), labels)


def test_labels_that_similar_images_have_are_not_chance_and_shuffled_ones_are() -> None:
    labels = np.arange(1000) % CLASSES
    row = outputs(np.array([3]), 1)[0]
    good = similar(known(labels, labels), row)
    assert good is not None
    assert (good.images, good.right) == (MOST_SIMILAR, 1)
    assert good.chance < 1e-9
    shuffled = np.random.default_rng(2).permutation(labels)
    memorised = similar(known(labels, shuffled), row)
    assert memorised is not None
    assert memorised.right < 0.3
    assert memorised.chance > 0.01


def test_it_is_decided_for_each_image_and_not_for_the_network() -> None:
    labels = np.arange(1000) % CLASSES
    # The network knows the first five classes, and takes the others for one another.
    predicted = np.where(labels < 5, labels, np.random.default_rng(0).integers(5, 10, 1000))
    of = known(labels, predicted)
    chances = []
    for label in (2, 7):
        found = similar(of, outputs(np.array([label]), 1)[0])
        assert found is not None
        chances.append(found.right)
    assert chances[0] == 1
    assert chances[1] < 0.4


def test_held_out_images_are_spread_over_the_split_and_leave_out_the_explained_one() -> None:
    count = IMAGES + 10
    split = Split(np.repeat(PICTURES[:1], count, axis=0), np.arange(count) % CLASSES)
    found = held_out(make_predictor(), split)
    assert len(found.labels) == IMAGES
    assert (found.numbers[0], found.numbers[-1]) == (0, count - 1)
    np.testing.assert_array_equal(found.labels, split.labels[found.numbers])
    left = found.without(int(found.numbers[1]))
    assert len(left.labels) == len(left.roots) == IMAGES - 1
    assert found.numbers[1] not in left.numbers


def test_too_few_held_out_images_are_not_compared() -> None:
    predictor = make_predictor()
    row = predictor.probabilities(np.zeros((1, 32, 32, 3), np.float32))[0]
    for size in (0, CLASSES - 1):
        split = Split(np.repeat(PICTURES[:1], size, axis=0), np.zeros(size, np.int64))
        assert similar(held_out(predictor, split), row) is None


@pytest.mark.parametrize(("right", "verdict"), [(True, "sound"), (False, "weak")])
def test_an_explanation_of_what_does_not_hold_for_others_is_weak(right: bool, verdict: str) -> None:
    predictor, image = edges_on_the_left(), bar()
    scaled = np.divide(image, 255, dtype=np.float32)[None]
    other, own = predictor.probabilities(scaled)[0]
    # Steeper, and with a logit of 1 for the image: without the bar the probability falls.
    kernel, _ = predictor.model.layers[-1].get_weights()
    bias = np.array([0, 1 - STEEPER * np.log(own / other)], np.float32)
    predictor.model.layers[-1].set_weights([STEEPER * kernel, bias])
    row = predictor.probabilities(scaled)[0]
    labels = np.arange(100) % 2
    shown = labels if right else np.random.default_rng(0).permutation(labels)
    rows = np.where(shown[:, None] == row.argmax(), row, row[::-1])
    of = HeldOut(np.arange(100), np.sqrt(rows), labels)
    settings = Settings("small", 200, 0, "occlusion")
    (found,) = explain(predictor, image, [], settings, held_out=of).explanations
    assert found.evidence is not None
    assert found.evidence.similar_images == 50
    assert found.verdict == verdict, found.reason
    assert ("which may be chance" in found.reason) == (not right)
    (without,) = explain(predictor, image, [], settings).explanations
    assert without.reason.endswith(NOT_HELD_OUT)
    assert without.evidence == replace(
        found.evidence, similar_images=None, similar_right=None, similar_chance=None
    )
