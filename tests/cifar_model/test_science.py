"""The paper's network, trained the same way every time and scored."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from cifar_model import checkpoint, determinism
from cifar_model.activations import activations, summary
from cifar_model.data import Dataset
from cifar_model.errors import CheckpointError, DivergedError, InputError
from cifar_model.metrics import per_class
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.prediction import normalised
from cifar_model.results import Epoch
from cifar_model.training import Hooks, train
from tests.cifar_model.noise import TINY, make_noise


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    determinism.configure(1)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return make_noise()


def block(size: int, channels: int) -> list[tuple[str, tuple[int, ...]]]:
    whole, half = (size, size, channels), (size // 2, size // 2, channels)
    convolutions = [("conv2d", whole), ("batch_normalization", whole)] * 2
    return [*convolutions, ("max_pooling2d", half), ("dropout", half)]


# The paper's list of activations, without the number of images.
PAPERS_LAYERS = [
    *block(32, 32),
    *block(16, 64),
    *block(8, 128),
    ("flatten", (2048,)),
    ("dense", (64,)),
    ("dropout", (64,)),
    ("dense", (32,)),
    ("dropout", (32,)),
    ("dense", (10,)),
]


def test_the_papers_network_has_its_parameters_and_its_24_layers() -> None:
    model = building.build(Params.from_json({}), (32, 32, 3), 10)
    assert model.count_params() == 422_346
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == 421_450
    outputs = activations(model, np.zeros((32, 32, 3), np.uint8))
    assert len(outputs) == 24
    assert [
        (found.name.rsplit("_", 1)[0], found.output.shape) for found in outputs
    ] == PAPERS_LAYERS
    assert outputs[16].name == "max_pooling2d_3"
    assert outputs[16].output.shape == (4, 4, 128)
    assert outputs[18].output.shape == (2048,)


def test_every_channel_has_its_mean_spread_and_share_of_zeros() -> None:
    output = np.array([[[1, 0, -1], [3, 0, 1]], [[1, 0, -1], [3, 0, 0]]], np.float32)
    mean, spread, zeros = summary(output)
    assert mean.tolist() == [2, 0, -0.25]
    assert spread.tolist() == pytest.approx([1, 0, np.std([-1, 1, -1, 0])])
    assert zeros.tolist() == [0, 1, 0.25]
    assert summary(np.array([0.5, 0], np.float32)).tolist() == [[0.5, 0], [0, 0], [0, 1]]


def test_a_channel_that_a_relu_shuts_is_dead() -> None:
    model = building.build(Params.from_json(TINY), (32, 32, 3), 3)
    kernel, bias = model.layers[0].get_weights()
    bias[:] = 1
    bias[1], kernel[..., 1] = -1, 0
    model.layers[0].set_weights([kernel, bias])
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    first = activations(model, image)[0]
    assert (first.channels[2] == 1).tolist() == [number == 1 for number in range(len(bias))]


def test_weights_are_the_same_bytes_and_come_back() -> None:
    params = Params.from_json(TINY)
    model = building.build(params, (32, 32, 3), 3)
    content = building.weights_bytes(model)
    assert building.weights_bytes(building.restore(params, (32, 32, 3), 3, content)) == content
    with pytest.raises(InputError, match="do not fit"):
        building.restore(params, (32, 32, 3), 4, content)


def test_a_damaged_checkpoint_is_refused(dataset: Dataset) -> None:
    params = Params.from_json(TINY)
    kept: list[bytes] = []
    train(
        params, dataset, 0, epochs=1, hooks=Hooks(on_epoch=lambda _, content: kept.append(content))
    )
    for damaged in (kept[0][:100], b"", kept[0][: len(kept[0]) // 2]):
        with pytest.raises(CheckpointError):
            train(params, dataset, 0, epochs=2, resume=damaged or b"x")


def test_a_loss_that_is_not_finite_is_an_error_that_names_the_epoch(dataset: Dataset) -> None:
    params = Params.from_json(TINY)
    poisoned = building.build(params, (32, 32, 3), 3)
    poisoned.set_weights([np.full_like(weight, np.nan) for weight in poisoned.get_weights()])
    first = Epoch(1, 0.0, 0.0, 0.0, 0.0, 0.0)
    with pytest.raises(DivergedError, match="epoch 2"):
        train(params, dataset, 0, epochs=2, resume=checkpoint.save(poisoned, [first]))


def test_class_scores_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    true, predicted = random.integers(0, 4, (2, 200))
    confusion = np.zeros((4, 4), np.int64)
    np.add.at(confusion, (true, predicted), 1)
    expected = np.array(precision_recall_fscore_support(true, predicted))
    ours = [[s.precision, s.recall, s.f1, s.support] for s in per_class(confusion)]
    np.testing.assert_allclose(np.array(ours).T, expected)


def test_sigmoid_outputs_become_a_distribution() -> None:
    rows = normalised(np.array([[0.5, 0.5, 1.0], [0, 0, 0]], np.float32))
    np.testing.assert_allclose(rows, [[0.25, 0.25, 0.5], [1 / 3] * 3])
