"""Why the paper's network learns little with log-cosh and a sigmoid head.

`python -m benchmarks.logcosh --dataset zip:cifar10-images.zip` trains the network with both,
changes one thing at a time, and prints for each: loss, accuracies, how many classes are predicted
for any image, the share of units of the last hidden layer that are zero for every image, how many
outputs are below 0.1 for every image, how much they vary from image to image, and the processor
time. Batch normalisation has a momentum of 0.9 unless another is given, because training is short.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.folders import KEPT
from cifar_model import determinism
from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.networks import building
from cifar_model.params import Json, Params

Array = NDArray[np.float32]

# The share of the images that have a class of ten, as a bias before the sigmoid.
PRIOR = float(np.log(0.1 / 0.9))
# An output that is below the share of a class for every image tells nothing apart.
LOW = 0.1


@dataclass(frozen=True)
class Variant:
    """What is changed: parameters, the dropout after the dense layers, a bias, the compilation."""

    params: dict[str, Json] = field(default_factory=dict)
    dense_dropout: float | None = None
    bias: float = 0.0
    optimizer: Callable[[], keras.optimizers.Optimizer] = keras.optimizers.Adam


VARIANTS = {
    "as in the paper": Variant(),
    "softmax": Variant({"last_activation": "softmax"}),
    "no dropout after dense": Variant(dense_dropout=0.0),
    "last bias -2.2": Variant(bias=PRIOR),
    "no dropout after dense, last bias -2.2": Variant(dense_dropout=0.0, bias=PRIOR),
    "learning rate 0.003": Variant(optimizer=lambda: keras.optimizers.Adam(0.003)),
    "RMSprop 0.001": Variant(optimizer=lambda: keras.optimizers.RMSprop(0.001)),
    "SGD 0.01": Variant(optimizer=lambda: keras.optimizers.SGD(0.01)),
    "Nadam 0.002": Variant(optimizer=lambda: keras.optimizers.Nadam(0.002)),
    "Adam, epsilon 1e-8": Variant(optimizer=lambda: keras.optimizers.Adam(epsilon=1e-8)),
    "batch norm momentum 0.99": Variant({"batch_norm_momentum": 0.99}),
    "elu": Variant({"activation": "elu"}),
}


def main() -> None:
    """Train the variants one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="cifar10", help="as for `runner submit train`")
    parser.add_argument("--train-size", type=int, default=2000)
    parser.add_argument("--filters", type=int, default=8, help="the paper's network has 32")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--batch-norm-momentum", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    given = parser.parse_args()
    determinism.configure(1)
    KEPT.mkdir(parents=True, exist_ok=True)
    dataset = load(DatasetSpec(given.dataset, given.train_size), KEPT)
    print(
        "| changed | loss | accuracy | val_accuracy | classes | dead units | low outputs | spread"
        " | seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in given.only:
        print(f"| {name} | {_row(given, VARIANTS[name], dataset)} |", flush=True)


def _row(given: argparse.Namespace, variant: Variant, dataset: Dataset) -> str:
    began = time.process_time()
    keras.utils.set_random_seed(given.seed)
    values: dict[str, Json] = {
        "filters": given.filters,
        "batch_norm_momentum": given.batch_norm_momentum,
    }
    values |= {"losses": "logcosh", "last_activation": "sigmoid", **variant.params}
    classes = len(dataset.classes)
    model = building.build(Params.from_json(values), (32, 32, 3), classes)
    if variant.dense_dropout is not None:
        for number in (1, 2):
            model.get_layer(f"dropout_{3 + number}").rate = variant.dense_dropout
    model.get_layer("dense_3").bias.assign(np.full(classes, variant.bias))
    model.compile(variant.optimizer(), model.loss, metrics=["accuracy"], jit_compile=False)
    train, validation = dataset.train, dataset.validation.take(slice(2000))
    history = model.fit(
        train.scaled(slice(None)),
        train.one_hot(classes),
        batch_size=given.batch_size,
        epochs=given.epochs,
        verbose=0,
    ).history
    images = validation.scaled(slice(None))
    hidden = keras.Model(model.inputs, [model.get_layer("dense_2").output, model.outputs[0]])
    units, outputs = (np.asarray(found) for found in hidden.predict(images, verbose=0))
    predicted = outputs.argmax(axis=1)
    right = (predicted == validation.labels).mean()
    dead = (units.max(axis=0) == 0).mean()
    low = (outputs.max(axis=0) < LOW).sum()
    return (
        f"{history['loss'][-1]:.4f} | {history['accuracy'][-1]:.3f} | {right:.3f}"
        f" | {len(np.unique(predicted))} | {dead:.2f} | {low}"
        f" | {outputs.std(axis=0).mean():.4f} | {time.process_time() - began:.0f}"
    )


if __name__ == "__main__":
    main()
