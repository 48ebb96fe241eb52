"""Train what `python -m benchmarks.racing` replays: points with many seeds, and learning curves.

`python -m benchmarks.racing_results digits` trains 16 points with 40 seeds each, and
`python -m benchmarks.racing_results curves --dataset zip:PATH` 64 points of a grid to their end.
Each trial is a network of one hidden layer, of scikit-learn: what is measured is how trials are
chosen. The results are small JSON files in results/reference, so a replay trains nothing.
"""

import argparse
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.folders import KEPT, REFERENCE
from cifar_model.data import Dataset, DatasetSpec, Split, load

SEEDS = 40
DIGITS: Mapping[str, Sequence[Any]] = {
    "lr": [0.002, 0.004, 0.008, 0.016],
    "hidden": [24, 48],
    "batch_size": [25, 50],
}
DIGITS_EPOCHS = 4

POINTS, CURVE_EPOCHS, IMAGES, VALIDATED, PIXELS = 64, 27, 2000, 4000, 8
CURVES: Mapping[str, Sequence[Any]] = {
    "lr": [0.0003, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032],
    "hidden": [8, 16, 32, 64, 128],
    "batch_size": [20, 50, 100],
    "activation": ["relu", "tanh"],
    "weight_decay": [0.0001, 0.01],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("digits", "curves"))
    parser.add_argument("--dataset", help="of the curves: zip:PATH of the images of CIFAR-10")
    given = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    if given.what == "digits":
        found = digits(load(DatasetSpec("digits", image_size=8), KEPT))
    else:
        found = curves(load(DatasetSpec(given.dataset, IMAGES, PIXELS), KEPT))
    path = REFERENCE / f"racing-{given.what}.json"
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    print(f"written: {path}")


def digits(dataset: Dataset) -> dict[str, Any]:
    """Return the last validation accuracy of every point for every seed."""
    points = combined(DIGITS)
    scores = []
    for point in points:
        runs = (list(trained(point, dataset, seed, DIGITS_EPOCHS)) for seed in range(SEEDS))
        scores.append([run[-1] for run in runs])
        print(point, round(float(np.mean(scores[-1])), 4), flush=True)
    return described(dataset, DIGITS_EPOCHS) | {"points": points, "scores": scores}


def curves(dataset: Dataset) -> dict[str, Any]:
    """Return the validation accuracy of every point of a sample after every epoch."""
    points = Random(1).sample(combined(CURVES), POINTS)  # noqa: S311 (no secret)
    found = []
    for point in points:
        found.append(list(trained(point, dataset, 0, CURVE_EPOCHS)))
        print(point, found[-1][-1], flush=True)
    return described(dataset, CURVE_EPOCHS) | {"points": points, "curves": found}


def combined(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return a point for each combination of values."""
    return [dict(zip(values, point, strict=True)) for point in product(*values.values())]


def trained(point: Mapping[str, Any], dataset: Dataset, seed: int, epochs: int) -> Iterator[float]:
    """Train one trial; yield the validation accuracy after each epoch."""
    network = MLPClassifier(
        (point["hidden"],),
        activation=point.get("activation", "relu"),
        alpha=point.get("weight_decay", 0.0001),
        learning_rate_init=point["lr"],
        batch_size=point["batch_size"],
        random_state=seed,
    )
    inputs, labels = flat(dataset.train)
    seen, expected = flat(dataset.validation)
    for _ in range(epochs):
        network.partial_fit(inputs, labels, classes=range(len(dataset.classes)))
        yield round(float(network.score(seen, expected)), 6)


def flat(split: Split) -> tuple[Any, Any]:
    """Return the first images of a split as rows of numbers around 0, and their classes."""
    images = split.images[:VALIDATED].astype(np.float32) / 255 - 0.5
    return images.reshape(len(images), -1), split.labels[:VALIDATED]


def described(dataset: Dataset, epochs: int) -> dict[str, Any]:
    """Return what was trained on."""
    return {
        "dataset": dataset.title,
        "train_images": len(dataset.train),
        "validation_images": min(VALIDATED, len(dataset.validation)),
        "pixels": dataset.train.images.shape[1],
        "epochs": epochs,
    }


if __name__ == "__main__":
    main()
