"""The built-in networks: their parameters, their size, and the images that they take."""

from inspect import signature

import keras
import numpy as np
import pytest

from cifar_model import determinism
from cifar_model.data import Dataset, Split
from cifar_model.errors import InputError
from cifar_model.networks import building
from cifar_model.networks.network import BUILT_IN, RESNET
from cifar_model.params import Params
from cifar_model.training import Hooks, train


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    determinism.configure(1)


def resnet(shape: tuple[int, int, int] = (32, 32, 3), **values: object) -> keras.Model:
    return building.build(Params.from_json(values, RESNET), shape, 10)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_network_has_the_parameters_of_its_function(name: str) -> None:
    taken = signature(building.FUNCTIONS[name]).parameters.values()
    keywords = [(one.name, one.default) for one in taken if one.kind is one.KEYWORD_ONLY]
    assert keywords == list(BUILT_IN[name].parameters)
    assert list(BUILT_IN[name].rules) == [keyword for keyword, _ in keywords]


def test_the_resnet_is_small() -> None:
    model = resnet()
    assert 500_000 < model.count_params() < 1_000_000
    # A multiplication and an addition for each weight and place; backward costs twice as much.
    forward = sum(
        2 * int(np.prod(layer.output.shape[1:-1])) * int(np.prod(layer.kernel.shape))
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)
    )
    assert 100e6 < 3 * forward < 400e6


@pytest.mark.parametrize("shape", [(64, 64, 3), (28, 28, 1), (10, 13, 3)])
def test_the_resnet_takes_images_of_other_sizes(shape: tuple[int, int, int]) -> None:
    model = resnet(shape, width=4)
    outputs = model(np.zeros((2, *shape), np.float32))
    assert outputs.shape == (2, 10)


def test_an_image_that_is_too_small_for_the_resnet_is_refused() -> None:
    with pytest.raises(InputError, match="10 pixels"):
        resnet((9, 32, 3))


def test_layers_have_the_same_names_each_time() -> None:
    names = [[layer.name for layer in resnet(width=2, depth=2).layers] for _ in range(2)]
    assert names[0] == names[1]
    assert {"stem", "stage1", "stage3_2_norm", "classes"} <= set(names[0])


def test_without_residual_convolutions_it_is_a_plain_network() -> None:
    assert not [layer for layer in resnet(depth=0).layers if isinstance(layer, keras.layers.Add)]


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
def test_a_resnet_that_is_resumed_ends_with_the_same_bits(activation: str) -> None:
    random = np.random.default_rng(0)
    parts = [
        Split(random.integers(0, 256, (n, 12, 12, 3), np.uint8), np.arange(n) % 3)
        for n in (20, 6, 6)
    ]
    dataset = Dataset("noise", "noise", "0", ("a", "b", "c"), *parts)
    values = {"width": 4, "activation": activation, "dropout": 0.3, "batch_size": 8}
    params = Params.from_json(values, RESNET)
    kept: list[bytes] = []
    hooks = Hooks(on_epoch=lambda _, checkpoint: kept.append(checkpoint))
    whole = train(params, dataset, 3, epochs=2, hooks=hooks)
    assert train(params, dataset, 3, epochs=2, resume=kept[0]).weights == whole.weights


@pytest.mark.parametrize(
    ("name", "value"), [("width", 0), ("depth", -1), ("activation", "softmax"), ("dropout", 1)]
)
def test_a_value_that_the_resnet_cannot_have_is_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=name):
        Params.from_json({name: value}, RESNET)
