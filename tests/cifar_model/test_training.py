"""Every way to train: with the same bits resumed or not, and with the effect that it names."""

from dataclasses import fields
from typing import Any

import keras
import numpy as np
import pytest

from cifar_model import determinism
from cifar_model.activations import activations
from cifar_model.data import Dataset
from cifar_model.errors import InputError
from cifar_model.evaluation import evaluate
from cifar_model.networks import building
from cifar_model.networks.initial import Start, weights_by_path
from cifar_model.networks.optimizers import optimizer_of
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.results import Epoch
from cifar_model.training import Hooks, Trained, train
from cifar_model.training_params import (
    AUGMENTATIONS,
    LOSSES,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
    Training,
)
from tests.cifar_model.noise import TINY, make_noise

SHAPE = (32, 32, 3)

# Every value of every parameter of training occurs in one of them.
WAYS_TO_TRAIN: dict[str, dict[str, Any]] = {
    "adam": {"augmentation": "paper"},
    "adamw": {
        "schedule": "cosine",
        "augmentation": "crop_flip",
        "losses": "normalised_crossentropy",
    },
    "nadam": {"weight_decay": 0.01, "warmup": 0.4},
    "sgd": {"momentum": 0.9, "nesterov": True, "schedule": "one_cycle", "label_smoothing": 0.1},
    "rmsprop": {"momentum": 0.5, "ema": 0.9, "losses": "logcosh", "augmentation": "cutout"},
    "lion": {"precision": "bfloat16", "patience": 3, "augmentation": "mixup"},
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    determinism.configure(1)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return make_noise()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_training_and_one_in_a_warm_network_end_with_the_same_bits(
    dataset: Dataset, optimizer: str
) -> None:
    values = TINY | WAYS_TO_TRAIN[optimizer] | {"optimizer": optimizer}
    params = Params.from_json(values)
    checkpoints: list[bytes] = []

    def keep(epoch: Epoch, content: bytes) -> None:
        assert epoch.epoch == len(checkpoints) + 1
        checkpoints.append(content)

    whole = train(params, dataset, 7, epochs=2, hooks=Hooks(on_epoch=keep))
    # What is not compiled in: the network is the same one, and warm.
    other = Params.from_json(values | {"lr": 0.0005, "batch_size": 7})
    assert train(other, dataset, 8, epochs=1).weights != whole.weights
    # The last one was killed when all its epochs were recorded.
    for checkpoint in (None, checkpoints[0], checkpoints[-1]):
        again = train(params, dataset, 7, epochs=2, resume=checkpoint)
        assert again.weights == whole.weights
        assert numbers(again) == numbers(whole)


def numbers(trained: Trained) -> list[tuple[float, ...]]:
    return [(e.loss, e.accuracy, e.val_loss, e.val_accuracy) for e in trained.epochs]


def test_every_way_to_train_is_one_that_is_resumed() -> None:
    ways = [{"optimizer": name, **values} for name, values in WAYS_TO_TRAIN.items()]
    for name, choices in {
        "optimizer": OPTIMIZERS,
        "losses": LOSSES[1:],
        "schedule": SCHEDULES[1:],
        "precision": PRECISIONS[1:],
        "augmentation": AUGMENTATIONS[1:],
    }.items():
        assert {way[name] for way in ways if name in way} == set(choices)
    told = {name for way in ways for name in way} | {"lr", "batch_size", "epochs"}
    assert told == {field.name for field in fields(Training)}


@pytest.mark.parametrize(
    ("values", "rates"),
    [
        ({}, [0.1, 0.1, 0.1, 0.1]),
        ({"warmup": 0.5}, [0, 0.05, 0.1, 0.1]),
        ({"schedule": "cosine"}, [0.1, 0.0853553, 0.05, 0.0146447]),
        ({"schedule": "cosine", "warmup": 0.5}, [0, 0.05, 0.1, 0.05]),
        ({"schedule": "one_cycle", "warmup": 0.5}, [0.004, 0.052, 0.1, 0.05]),
        ({"schedule": "one_cycle", "warmup": 0.99}, [0.004, 0.028, 0.052, 0.076]),
    ],
)
def test_the_learning_rate_follows_its_schedule(values: dict[str, Any], rates: list[float]) -> None:
    optimizer = optimizer_of(Params.from_json(values | {"lr": 0.1}).training, 4)
    weight = keras.Variable([1.0])
    optimizer.build([weight])
    found = []
    for _ in range(4):
        found.append(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))
        optimizer.apply([keras.ops.ones((1,))])
    assert found == pytest.approx(rates, rel=1e-5)


def test_a_training_without_progress_ends_when_its_patience_does(dataset: Dataset) -> None:
    values = TINY | {"lr": 1.0, "patience": 2, "epochs": 20}
    checkpoints: list[bytes] = []
    hooks = Hooks(on_epoch=lambda _, content: checkpoints.append(content))
    stopped = train(Params.from_json(values), dataset, 0, hooks=hooks)
    losses = [epoch.val_loss for epoch in stopped.epochs]
    assert len(losses) == losses.index(min(losses)) + 1 + 2 < 20
    assert stopped.ended_by == "patience"
    # Killed after the epoch in which it ended: it trains no further.
    again = train(Params.from_json(values), dataset, 0, resume=checkpoints[-1])
    assert (again.weights, again.ended_by) == (stopped.weights, "patience")
    all_epochs = train(Params.from_json(values | {"patience": 0}), dataset, 0, epochs=len(losses))
    assert (all_epochs.weights, all_epochs.ended_by) == (stopped.weights, "epochs")


def test_averaged_weights_are_validated_and_stored(dataset: Dataset) -> None:
    params = Params.from_json(TINY | {"ema": 0.9})
    averaged = train(params, dataset, 0, epochs=2)
    plain = train(Params.from_json(TINY), dataset, 0, epochs=2)
    # The weights themselves are trained as without averages.
    assert [epoch.loss for epoch in averaged.epochs] == [epoch.loss for epoch in plain.epochs]
    assert averaged.weights != plain.weights
    model = Predictor(building.restore(params, SHAPE, 3, averaged.weights))
    scores = evaluate(model, dataset.validation, 3)
    assert scores.loss == averaged.epochs[-1].val_loss != plain.epochs[-1].val_loss


def test_a_network_in_bfloat16_has_weights_and_outputs_in_float32(dataset: Dataset) -> None:
    model = building.build(Params.from_json(TINY | {"precision": "bfloat16"}), SHAPE, 3)
    assert {layer.compute_dtype for layer in model.layers[:-1]} == {"bfloat16"}
    assert {weight.dtype for weight in model.weights} == {"float32"}
    outputs = Predictor(model).outputs(dataset.test.scaled(slice(None)))
    assert outputs.dtype == np.float32
    assert outputs.sum(axis=1) == pytest.approx(np.ones(12), abs=1e-6)
    found = activations(model, dataset.test.images[0])
    assert {each.output.dtype for each in found} == {np.dtype("float32")}
    assert keras.config.dtype_policy().name == "float32"


def test_a_training_starts_from_weights_of_the_same_path_and_shape(dataset: Dataset) -> None:
    told: list[str] = []
    source = building.build(Params.from_json(TINY), SHAPE, 3)
    # Of another number of classes, so that the last layer does not fit.
    other = building.build(Params.from_json(TINY), SHAPE, 5)
    for variable in other.weights:
        variable.assign(keras.ops.full(variable.shape, 0.5))
    start = Start(weights_by_path(other), freeze="conv2d_*", told=told.append)
    trained = train(Params.from_json(TINY), dataset, 0, epochs=1, start=start)
    weights = building.restore(Params.from_json(TINY), SHAPE, 3, trained.weights).get_weights()
    assert told == [f"{len(weights) - 2} of {len(weights)} weights are those of --init"]
    # Frozen, so as they were given; the rest was trained.
    frozen = [bool((value == 0.5).all()) for value in weights]
    expected = ["conv2d" in variable.path for variable in source.weights]
    assert frozen == expected
    # Another start is another network, and not the warm one.
    fresh = train(Params.from_json(TINY), dataset, 0, epochs=1)
    assert train(Params.from_json(TINY), dataset, 0, epochs=1, start=start).weights != fresh.weights


def test_a_frozen_batch_normalisation_keeps_its_statistics(dataset: Dataset) -> None:
    start = Start(freeze="batch_normalization_1")
    trained = train(Params.from_json(TINY), dataset, 0, epochs=1, start=start)
    model = building.restore(Params.from_json(TINY), SHAPE, 3, trained.weights)
    means = {layer.name: layer.get_weights()[2] for layer in model.layers if "batch" in layer.name}
    assert not means["batch_normalization_1"].any()
    assert means["batch_normalization_2"].any()


def test_weights_that_fit_nowhere_and_a_pattern_without_a_layer_are_refused() -> None:
    params = Params.from_json(TINY)
    foreign = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="other")])
    with pytest.raises(InputError, match=r"none of its weights.*") as refused:
        Start(weights_by_path(foreign)).put_into(building.build(params, SHAPE, 3))
    assert "other/kernel (4, 2)" in refused.value.fix
    with pytest.raises(InputError, match="no layer of the network") as refused:
        building.build(params, SHAPE, 3, freeze="convolution*")
    assert "conv2d_1" in refused.value.expected
    with pytest.raises(InputError, match="no weights to train"):
        building.build(params, SHAPE, 3, freeze="*")
