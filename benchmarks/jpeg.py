"""What it costs to train on images that were compressed as JPEG, as in the copy of CIFAR-10.

`python -m benchmarks.jpeg --dataset zip:cifar10-images.zip` compresses all images once more, at
quality 90, 75 and 60 with 4:2:0 chroma, trains the same network on each with several seeds, and
prints the test accuracies. Every second compression begins four pixels earlier, so that its blocks
are not those of the first, whose errors they would only repeat. Differences are those of pairs: the
same seed, so the same initial weights and order of the images. The weights are averaged over the
last steps (`ema`), which takes away noise that seeds of a short training have.

It prints how many seeds would be enough for an interval of 0.005 to both sides, and the processor
time of a training, so that a short run says what a long one needs.

The loss of the first compression cannot be measured without the original images. It is
extrapolated, as if the accuracy fell in proportion to the mean squared error of the pixels, and the
first compression, of quality 75, had made as large an error as the second at that quality. A run
that was stopped goes on where it was.
"""

import argparse
import io
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import t

from benchmarks.folders import KEPT
from cifar_model import determinism
from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.data.dataset import Split
from cifar_model.evaluation import evaluate
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.training import train

FIRST = 75
# Of the interval that a run should have.
WANTED = 0.005
EMA = 0.99
OFFSET = 4
# The chroma has half the resolution in both directions.
SUBSAMPLING = 2
AS_IS = "as it is"


def main() -> None:
    """Measure what was not measured before, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="cifar10", help="as for `runner submit train`")
    parser.add_argument("--train-size", type=int, default=4000)
    parser.add_argument("--test-size", type=int, default=10_000)
    parser.add_argument("--filters", type=int, default=16, help="the paper's network has 32")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--qualities", type=int, nargs="+", default=[90, FIRST, 60])
    given = parser.parse_args()
    determinism.configure(1)
    KEPT.mkdir(parents=True, exist_ok=True)
    variants, errors = compressed(given)
    kept = _kept(given, variants[AS_IS])
    found: dict[str, float] = json.loads(kept.read_text()) if kept.exists() else {}
    for seed in range(given.seeds):
        for name, dataset in variants.items():
            key = f"{name}, seed {seed}"
            took = ""
            if key not in found:
                began = time.process_time()
                found[key] = accuracy_of(given, dataset, seed)
                took = f", {time.process_time() - began:.0f} s of processor time"
                kept.write_text(json.dumps(found, indent=1))
            lost = found[f"{AS_IS}, seed {seed}"] - found[key]
            print(f"{key}: test accuracy {found[key]:.4f}, lost {lost:+.4f}{took}", flush=True)
    by_name = {
        name: np.array([found[f"{name}, seed {seed}"] for seed in range(given.seeds)])
        for name in variants
    }
    summarise(by_name, errors)


def _kept(given: argparse.Namespace, dataset: Dataset) -> Path:
    """Return the file with the accuracies of runs of this size on these images."""
    size = f"{given.train_size}-{given.test_size}-{given.filters}-{given.epochs}"
    return KEPT / f"jpeg-{dataset.fingerprint[:12]}-{size}-ema.json"


def compressed(given: argparse.Namespace) -> tuple[dict[str, Dataset], dict[str, float]]:
    """Return the data set as it is and at each quality, and the errors of its training images."""
    whole = load(DatasetSpec(given.dataset, given.train_size), KEPT)
    # Every epoch is validated, and nothing is chosen by it here.
    small = replace(
        whole,
        validation=whole.validation.take(slice(500)),
        test=whole.test.take(slice(given.test_size)),
    )
    variants, errors = {AS_IS: small}, {AS_IS: 0.0}
    for quality in given.qualities:
        name = f"again at quality {quality}"
        variants[name] = replace(
            small, train=again(small.train, quality), test=again(small.test, quality)
        )
        change = variants[name].train.images.astype(float) - small.train.images
        errors[name] = float((change**2).mean())
    return variants, errors


def again(split: Split, quality: int) -> Split:
    """Return a split with its images compressed once more."""
    return Split(np.stack([_compressed(image, quality) for image in split.images]), split.labels)


def _compressed(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    padded = np.pad(image, ((OFFSET, 0), (OFFSET, 0), (0, 0)), mode="edge")
    file = io.BytesIO()
    Image.fromarray(padded).save(file, "JPEG", quality=quality, subsampling=SUBSAMPLING)
    return np.asarray(Image.open(file))[OFFSET:, OFFSET:]


def accuracy_of(given: argparse.Namespace, dataset: Dataset, seed: int) -> float:
    """Return the test accuracy of the network after training on a data set with a seed."""
    values = {"filters": given.filters, "batch_norm_momentum": 0.9, "ema": EMA}
    params = Params.from_json(values)
    weights = train(params, dataset, seed, epochs=given.epochs).weights
    shape, classes = dataset.train.images.shape[1:], len(dataset.classes)
    predictor = Predictor(building.restore(params, shape, classes, weights))
    return float(evaluate(predictor, dataset.test, classes).accuracy)


def summarise(by_name: dict[str, NDArray[np.float64]], errors: dict[str, float]) -> None:
    """Print the loss of accuracy at each quality, and what the first compression may have cost."""
    print("| images | mean squared error | test accuracy | loss, 95 % interval over seeds |")
    print("|---|---|---|---|")
    for name, accuracies in by_name.items():
        lost = by_name[AS_IS] - accuracies
        shown = "" if name == AS_IS else _interval(lost)
        print(f"| {name} | {errors[name]:.1f} | {accuracies.mean():.4f} | {shown} |")
    first = errors.get(f"again at quality {FIRST}")
    if first is not None:
        # One line through zero for each seed, so that the spread of seeds gives the uncertainty.
        error = np.array([errors[name] for name in by_name])
        lost = np.array([by_name[AS_IS] - by_name[name] for name in by_name])
        slopes = error @ lost / (error @ error)
        print(f"extrapolated loss of the first compression: {_interval(slopes * first)}")
        if len(slopes) > 1:
            print(f"seeds for an interval of {WANTED} to both sides: {_seeds(slopes * first)}")


def _seeds(losses: NDArray[np.float64]) -> int:
    """Return how many seeds would have an interval of the wanted size, if they spread so."""
    spread = losses.std(ddof=1)
    seeds = 2
    while t.ppf(0.975, seeds - 1) * spread / math.sqrt(seeds) > WANTED:
        seeds += 1
    return seeds


def _interval(losses: NDArray[np.float64]) -> str:
    """Return a mean with its interval by Student's t."""
    if len(losses) < 2:
        return f"{losses.mean():+.4f}"
    half = t.ppf(0.975, len(losses) - 1) * losses.std(ddof=1) / np.sqrt(len(losses))
    return f"{losses.mean():+.4f} ({losses.mean() - half:+.4f} to {losses.mean() + half:+.4f})"


if __name__ == "__main__":
    main()
