"""A function that a user wrote is built, compiled and looked into like the paper's network."""

import keras
import numpy as np
import pytest

from cifar_model.activations import activations
from cifar_model.errors import InputError
from cifar_model.explanation.methods import gradcam, integrated_gradients
from cifar_model.explanation.segmentation import divide
from cifar_model.networks.building import build
from cifar_model.networks.heads import Head, head_of
from cifar_model.networks.network import Network
from cifar_model.params import Params
from cifar_model.prediction import Predictor

SHAPE, CLASSES = (8, 8, 3), 4
IMAGE = np.random.default_rng(1).integers(0, 256, SHAPE, np.uint8)

FLAT = """
import keras
from keras import layers

def build(shape, classes, *, head="softmax", lr=None):
    x = inputs = keras.Input(shape)
    x = layers.Dense(classes, activation=None if head == "logits" else head)(layers.Flatten()(x))
    return keras.Model(inputs, x)
"""
NESTED = """
import keras
from keras import layers

def block(shape):
    inputs = keras.Input(shape)
    x = layers.SeparableConv2D(4, 3, padding="same", activation="relu")(inputs)
    return keras.Model(inputs, layers.BatchNormalization()(x), name="block")

def build(shape, classes):
    inputs = keras.Input(shape)
    x = block(shape)(inputs)
    x = keras.Sequential([layers.Conv2D(5, 3), layers.Dropout(0.5)])(x)
    query = layers.Reshape((-1, 5))(x)
    x, scores = layers.MultiHeadAttention(1, 2)(query, query, return_attention_scores=True)
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalAveragePooling1D()(x)))
"""
COMPILED = """
import keras
from keras import layers

def build(shape, classes, *, momentum=0.9):
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(classes)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.25, momentum=momentum), loss)
    return model
"""


def network(code: str, **parameters: float | str | None) -> Network:
    return Network("own.py:build", tuple(parameters.items()), code)


def built(code: str, **values: float | str) -> keras.Model:
    params = Params.from_json(values, network(code, **values))
    return build(params, SHAPE, CLASSES)


@pytest.mark.parametrize("head", list(Head))
def test_probabilities_come_from_every_head(head: Head) -> None:
    predictor = Predictor(built(FLAT, head=str(head)))
    assert predictor.head == head
    images = np.random.default_rng(0).random((3, *SHAPE), np.float32)
    rows = predictor.probabilities(images)
    assert np.allclose(rows.sum(axis=1), 1)
    assert np.allclose(predictor.distribution(predictor.outputs(images)), rows)
    if head == Head.LOGITS:
        assert predictor.model.loss.from_logits
        logits = predictor.outputs(images).astype(float)
        assert np.allclose(rows, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))


def test_layers_in_models_that_are_layers_are_seen() -> None:
    model = built(NESTED)
    assert head_of(model) == Head.LOGITS
    names = [each.name for each in activations(model, IMAGE)]
    assert len(names) == 9
    # The scores of the attention are an output of their own.
    assert sum(name.startswith("multi_head") for name in names) == 2
    divided = divide(np.divide(IMAGE, 255, dtype=np.float32), "small")
    weights = gradcam(Predictor(model), divided, 1)
    assert len(weights) == divided.superpixels
    assert np.isfinite(weights).all()


def test_grad_cam_of_a_network_without_convolutions_is_refused_and_gradients_are_not() -> None:
    predictor = Predictor(built(FLAT, head="logits"))
    divided = divide(np.divide(IMAGE, 255, dtype=np.float32), "small")
    with pytest.raises(InputError, match="this network has none"):
        gradcam(predictor, divided, 0)
    assert np.isfinite(integrated_gradients(predictor, divided, 0)).all()


def test_what_a_function_compiled_is_kept_with_labels_that_are_one_hot() -> None:
    model = built(COMPILED, momentum=0.5)
    assert isinstance(model.optimizer, keras.optimizers.SGD)
    assert (float(model.optimizer.learning_rate), model.optimizer.momentum) == (0.25, 0.5)
    assert isinstance(model.loss, keras.losses.CategoricalCrossentropy)
    assert model.loss.from_logits


def test_a_parameter_without_effect_on_a_compiled_model_is_refused() -> None:
    params = Params.from_json({"lr": 0.1, "batch_size": 8}, network(COMPILED, momentum=0.9))
    with pytest.raises(InputError, match="lr has no effect"):
        build(params, SHAPE, CLASSES)
    # One that the function takes has.
    taken = COMPILED.replace("momentum=0.9)", "momentum=0.9, lr=0.2)", 1)
    build(Params.from_json({"lr": 0.1}, network(taken, momentum=0.9, lr=0.2)), SHAPE, CLASSES)


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        ("None", "returned NoneType"),
        ("keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten()])", "with the input"),
        ("keras.Sequential([keras.Input(shape), layers.Flatten()])", "with the output"),
        ("keras.Sequential([keras.Input(shape), layers.GlobalAveragePooling2D()])", "the output"),
    ],
)
def test_what_is_no_network_for_these_images_is_refused(returned: str, what: str) -> None:
    code = f"import keras\nfrom keras import layers\ndef build(shape, classes): return {returned}"
    with pytest.raises(InputError, match=what):
        built(code)


def test_an_error_shows_the_line_that_the_user_wrote() -> None:
    with pytest.raises(ZeroDivisionError) as error:
        built("def build(shape, classes):\n    return 1 / 0  # mine\n")
    assert "return 1 / 0  # mine" in str(error.getrepr())


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match="nobody_has_it"):
        built("import nobody_has_it\ndef build(shape, classes): pass")
