"""The paper's network, trained the same way every time and scored."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from cifar_model import checkpoint, determinism
from cifar_model.activations import activations, summary
from cifar_model.data import Dataset, Split
from cifar_model.errors import CheckpointError, DivergedError, InputError
from cifar_model.metrics import per_class
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.prediction import normalised
from cifar_model.results import Epoch
from cifar_model.training import Hooks, Trained, train

TINY = {"blocks": 1, "filters": 2, "batch_size": 16, "batch_norm_momentum": 0.9}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    determinism.configure(1)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    random = np.random.default_rng(0)
    parts = [
        Split(random.integers(0, 256, (n, 32, 32, 3), np.uint8), np.arange(n) % 3)
        for n in (40, 12, 12)
    ]
    return Dataset("noise", "noise", "0", ("a", "b", "c"), *parts)


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


@pytest.mark.parametrize("optimizer", ["adam", "nadam"])
def test_a_resumed_training_ends_with_the_same_bits(dataset: Dataset, optimizer: str) -> None:
    params = Params.from_json(TINY | {"optimizer": optimizer, "augment": True})
    checkpoints: list[bytes] = []

    def keep(epoch: Epoch, content: bytes) -> None:
        assert epoch.epoch == len(checkpoints) + 1
        checkpoints.append(content)

    whole = train(params, dataset, 7, epochs=3, hooks=Hooks(on_epoch=keep))
    resumed = train(params, dataset, 7, epochs=3, resume=checkpoints[0])
    assert resumed.weights == whole.weights
    assert numbers(resumed) == numbers(whole)
    assert train(params, dataset, 8, epochs=1).weights != whole.weights


def numbers(trained: Trained) -> list[tuple[float, ...]]:
    return [(e.loss, e.accuracy, e.val_loss, e.val_accuracy) for e in trained.epochs]


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "sgd", "rmsprop"])
def test_a_trial_in_a_network_that_is_warm_from_another_ends_with_the_same_bits(
    dataset: Dataset, optimizer: str
) -> None:
    values = {**TINY, "optimizer": optimizer}
    params = Params.from_json(values)
    first = train(params, dataset, 1, epochs=2)
    train(Params.from_json(values | {"lr": 0.0005, "batch_size": 7}), dataset, 2, epochs=1)
    again = train(params, dataset, 1, epochs=2)
    assert again.weights == first.weights
    assert [epoch.val_loss for epoch in again.epochs] == [epoch.val_loss for epoch in first.epochs]


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
