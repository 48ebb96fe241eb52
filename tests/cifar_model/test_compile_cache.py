"""A network that is kept compiled starts every trial as one that is built anew."""

import random
from typing import Any

import keras
import numpy as np
import pytest

from cifar_model import compile_cache, determinism
from cifar_model.backends.chosen import backend
from cifar_model.networks import building
from cifar_model.networks.network import PAPER, RESNET, Network
from cifar_model.params import Params

SHAPE, CLASSES, STEPS = (16, 16, 3), 4, 20

OWN = """
import keras, numpy, random

def build(shape, classes, *, width=3):
    noise = keras.initializers.Constant(float(keras.random.normal(())))
    middle = keras.layers.Dense(width, bias_initializer=noise)
    last = keras.layers.Dense(classes, activation="softmax")
    layers = [keras.Input(shape), keras.layers.Flatten(), middle, keras.layers.Dropout(0.5), last]
    model = keras.Sequential(layers)
    first, bias = last.get_weights()
    last.set_weights([first * random.random(), bias + numpy.random.normal(size=classes)])
    return model
"""


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    determinism.configure(1)


def values(model: keras.Model) -> list[Any]:
    variables = [*model.variables, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(each).tolist() for each in variables]


@pytest.mark.parametrize(
    ("given", "network"),
    [
        ({"blocks": 2, "filters": 2, "optimizer": "nadam"}, PAPER),
        ({"blocks": 1, "filters": 2, "optimizer": "rmsprop", "ema": 0.9, "lr": 0.1}, PAPER),
        ({"blocks": 1, "filters": 2, "precision": "bfloat16", "schedule": "cosine"}, PAPER),
        ({"width": 2, "dropout": 0.2, "optimizer": "lion"}, RESNET),
        ({"width": 2, "depth": 2, "optimizer": "sgd"}, RESNET),
    ],
)
def test_a_network_is_drawn_again_as_it_is_built(given: dict[str, Any], network: Network) -> None:
    params = Params.from_json(given, network)
    first = compile_cache.compiled(params, SHAPE, CLASSES, 1, STEPS)
    for variable in (*first.model.variables, *first.model.optimizer.variables):
        variable.assign(np.ones(variable.shape, variable.dtype))
    again = compile_cache.compiled(params, SHAPE, CLASSES, 2, STEPS)
    assert again is first
    random.seed(2)
    fresh = building.build(params, SHAPE, CLASSES, steps=STEPS)
    fresh.optimizer.build(fresh.trainable_variables)
    assert values(again.model) == values(fresh)


def test_own_networks_keep_what_is_compiled_and_start_as_after_every_seed() -> None:
    params = Params.from_json({}, Network("own.py:build", (("width", 3),), OWN))
    images, labels = np.zeros((2, *SHAPE), np.float32), np.eye(CLASSES, dtype=np.float32)[:2]
    kept = compile_cache.compiled(params, SHAPE, CLASSES, 0)
    kept.scored(images, labels)
    for seed in (1, 2):
        found = compile_cache.compiled(params, SHAPE, CLASSES, seed)
        found.scored(images, labels)
        assert found is kept
        keras.utils.clear_session(free_memory=False)
        backend.seed(seed)
        fresh = building.build(params, SHAPE, CLASSES)
        fresh.optimizer.build(fresh.trainable_variables)
        assert values(found.model) == values(fresh)


def test_code_that_may_use_tensorflow_is_seen() -> None:
    assert not backend.is_used_by(OWN)
    assert backend.is_used_by("import tensorflow as tf")
    assert backend.is_used_by("from mine import layers")
    assert backend.is_used_by("def build(): __import__('tensorflow')")
