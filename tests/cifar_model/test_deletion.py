"""Regions that an explanation names are really removed, and the network is asked again."""

import keras
import numpy as np
import pytest

from cifar_model import determinism
from cifar_model.explanation.deletion import RANDOM_REGIONS
from cifar_model.explanation.picture import explain
from cifar_model.explanation.regions import curve_counts, mask, strongest
from cifar_model.explanation.settings import Settings
from cifar_model.prediction import Predictor
from cifar_model.results import Explained
from tests.cifar_model.untrained import PICTURES, explain_small


def test_a_mask_shows_the_strongest_superpixels_with_their_signs() -> None:
    weights = [0.1, -0.9, 0.8, 0.0, -0.2, 0.3, 0.05]
    segments = np.arange(7, dtype=np.int32).reshape(1, 7)
    assert strongest(weights) == [1, 2, 5, 4, 0]
    assert mask(segments, weights).tolist() == [[1, -1, 1, 0, -1, 1, 0]]


def brightness() -> Predictor:
    """Return a network that knows one thing: class 1 is the brightness of the upper left corner."""
    determinism.configure(1)
    inputs = keras.Input((32, 32, 3))
    corner = keras.layers.Cropping2D(((0, 24), (0, 24)))(inputs)
    flat = keras.layers.Flatten()(corner)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(flat))
    weights = np.zeros((192, 3), np.float32)
    weights[:, 1] = 0.05
    model.set_weights([weights, np.zeros(3, np.float32)])
    return Predictor(model)


@pytest.fixture(scope="module")
def corner() -> Explained:
    """Explain an image whose upper left corner is a white cross on grey noise."""
    image = np.random.default_rng(0).integers(60, 120, (32, 32, 3)).astype(np.uint8)
    image[2:6] = 255
    image[:, 2:6] = 255
    return explain(brightness(), image, [1, 0], Settings("small", 500, 0))


def test_removing_what_speaks_for_a_class_really_lowers_it(corner: Explained) -> None:
    found = corner.explanations[0]
    assert found.verdict != "void"
    assert found.checks.removed is not None
    assert found.checks.removed_random is not None
    assert found.checks.removed < found.checks.removed_random
    assert found.checks.removed < found.probability


def test_of_two_classes_one_falls_and_the_other_rises(corner: Explained) -> None:
    one, other = corner.explanations
    checks = one.checks
    assert checks.other == 0
    assert None not in (checks.contrast, checks.contrast_other, checks.contrast_random)
    assert checks.contrast is not None
    assert checks.contrast_other is not None
    assert checks.contrast < one.probability
    assert checks.contrast_other > other.probability


def test_one_label_has_no_contrast(predictor: Predictor) -> None:
    (found,) = explain_small(predictor, PICTURES[0], 3).explanations
    assert (found.checks.other, found.checks.contrast) == (None, None)


def test_a_check_is_the_same_every_time(predictor: Predictor) -> None:
    assert RANDOM_REGIONS >= 20
    once, again = (explain_small(predictor, PICTURES[1], 3, 4) for _ in range(2))
    assert once.explanations == again.explanations


def test_a_curve_has_at_most_ten_steps_from_no_superpixel_to_all() -> None:
    assert curve_counts(4).tolist() == [0, 1, 2, 3, 4]
    assert curve_counts(30).tolist() == list(range(0, 31, 3))
    assert len(curve_counts(34)) == 11


def test_curves_go_from_the_picture_to_one_with_all_hidden_and_back(corner: Explained) -> None:
    for found in corner.explanations:
        curves = found.curves
        assert curves is not None
        assert len(curves.deletion) == len(curve_counts(found.integrity.superpixels))
        assert curves.deletion[0] == curves.insertion[-1] == pytest.approx(found.probability)
        assert curves.deletion[-1] == curves.insertion[0]


def test_what_speaks_most_for_a_class_goes_and_comes_first(corner: Explained) -> None:
    curves = corner.explanations[0].curves
    assert curves is not None
    # Class 1 is the brightness of the corner alone: after it nothing else changes much.
    assert curves.deletion[2] < curves.deletion[0] - 0.9 * np.ptp(curves.deletion)
    assert curves.deletion_area < curves.insertion_area
    shares = curve_counts(len(corner.explanations[0].weights)) / len(corner.explanations[0].weights)
    assert curves.deletion_area == pytest.approx(np.trapezoid(curves.deletion, shares))
