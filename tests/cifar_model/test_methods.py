"""Methods beside LIME name the same part of an image where it is known which one counts."""

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from cifar_model import determinism
from cifar_model.explanation.methods import integrated_gradients, occluded
from cifar_model.explanation.picture import explain
from cifar_model.explanation.sampling import SAMPLED
from cifar_model.explanation.segmentation import divide
from cifar_model.explanation.settings import METHODS, Settings
from cifar_model.networks.layers import unrolled
from cifar_model.prediction import Predictor
from tests.cifar_model.untrained import PICTURES, make_predictor, scaled

OTHERS = [method for method in METHODS if method != "lime"]


def edges_on_the_left(head: str = "softmax") -> Predictor:
    """Return a network that sees edges, and whose class 1 is how many are in the left half."""
    determinism.configure(1)
    inputs = keras.Input((32, 32, 3))
    seen = keras.layers.Conv2D(1, 3, padding="same", activation="relu")(inputs)
    left = keras.layers.Cropping2D(((0, 0), (0, 16)))(seen)
    flat = keras.layers.Flatten()(left)
    model = keras.Model(inputs, keras.layers.Dense(2, activation=head)(flat))
    kernel = np.zeros((3, 3, 3, 1), np.float32)
    kernel[1, 0], kernel[1, 2] = -1, 1
    weights = np.zeros((512, 2), np.float32)
    weights[:, 1] = 0.01
    model.set_weights([kernel, np.zeros(1, np.float32), weights, np.zeros(2, np.float32)])
    return Predictor(model)


def picture() -> NDArray[np.uint8]:
    """Return grey noise with a bright bar left of the middle, and one right of it."""
    image = np.random.default_rng(0).integers(80, 120, (32, 32, 3)).astype(np.uint8)
    image[8:24, 6:10] = 255
    image[8:24, 22:26] = 255
    return image


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_what_counts(method: str) -> None:
    settings = Settings("small", 500, 0, method)
    explained = explain(edges_on_the_left(), picture(), [1], settings)
    (found,) = explained.explanations
    rows, columns = np.nonzero(explained.segments == int(np.argmax(found.weights)))
    assert columns.mean() < 16
    assert found.verdict in ("sound", "weak")
    assert found.checks.removed is not None
    assert found.checks.removed_random is not None
    assert found.checks.removed < found.checks.removed_random
    assert len(rows) > 0


@pytest.mark.parametrize("method", OTHERS)
def test_only_lime_has_a_linear_model(method: str) -> None:
    (found,) = explain(
        make_predictor(), PICTURES[0], [3], Settings("small", 50, 0, method)
    ).explanations
    assert (found.intercept, found.integrity.r2) == (None, None)
    # Methods that sample are compared over seeds, and may differ.
    assert method in SAMPLED or found.integrity.stability == 1


@pytest.mark.parametrize("method", OTHERS)
@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_a_network_that_says_the_same_of_everything_is_void_by_every_method(
    method: str, head: str
) -> None:
    constant = make_predictor(last_activation=head)
    constant.model.set_weights([0 * weight for weight in constant.model.get_weights()])
    settings = Settings("small", 50, 0, method)
    (found,) = explain(constant, PICTURES[0], [3], settings).explanations
    assert found.verdict == "void"
    assert "whichever regions are hidden" in found.reason


def test_occlusion_is_what_each_superpixel_adds() -> None:
    predictor, image = make_predictor(), scaled(PICTURES[0])
    divided = divide(image, "small")
    adds = occluded(predictor, divided)
    most = int(np.abs(adds).max(axis=1).argmax())
    hidden = np.where((divided.segments == most)[..., None], divided.filled, image)
    before, after = predictor.probabilities(np.stack([image, hidden]))
    np.testing.assert_allclose(adds[most], before - after, atol=1e-6)
    assert np.abs(adds[most]).max() > 0.1


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_integrated_gradients_add_up_to_the_whole_change(head: str) -> None:
    predictor, image = edges_on_the_left(head), scaled(picture())
    divided = divide(image, "small")
    weights = integrated_gradients(predictor, divided, 1)
    base, whole = predictor.probabilities(np.stack([divided.filled, image]))
    change = whole[1] - base[1]
    assert change > 0.02
    assert sum(weights) == pytest.approx(change, rel=0.05)


def test_gradcam_reads_the_maps_that_the_last_convolution_activates() -> None:
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    first = layers.Activation("relu", name="first")(layers.Conv2D(2, 3, padding="same")(inputs))
    normed = layers.BatchNormalization()(layers.Conv2D(2, 3, padding="same")(first))
    seen = layers.ReLU(name="seen")(normed)
    outputs = layers.Dense(2)(layers.GlobalAveragePooling2D()(seen))
    assert unrolled(keras.Model(inputs, outputs)).last_maps()[0].name == "seen"
    # What is added to the maps before they are activated is not the convolution's.
    both = layers.ReLU(name="both")(layers.Add()([normed, first]))
    outputs = layers.Dense(2)(layers.GlobalAveragePooling2D()(both))
    model = keras.Model(inputs, outputs)
    assert isinstance(unrolled(model).last_maps()[0], layers.BatchNormalization)
