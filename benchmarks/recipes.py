"""What the paper's network, `resnet` and the preset `strong` reach on a data set.

python -m benchmarks.recipes --dataset zip:PATH --minutes 60 [--threads 2] [--seeds 3] [NAME ...]

Each recipe has its own number of epochs, or as many as fit into --minutes: its speed is measured
first, on a part of the images, so that a learning-rate schedule can end with the time.
"""

import argparse
from dataclasses import replace
from statistics import fmean

import numpy as np

from benchmarks.folders import KEPT
from cifar_model import determinism
from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.networks import building
from cifar_model.networks.network import PAPER, RESNET
from cifar_model.networks.presets import STRONG
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.results import Epoch
from cifar_model.training import Hooks, train
from runner.reports.stats.repeats import interval_over_seeds
from runner.reports.stats.uncertainty import accuracy_interval

RECIPES = {
    "paper": Params.from_json({}, PAPER),
    "resnet": Params.from_json({}, RESNET),
    "strong": Params.from_json(STRONG.params, STRONG.network),
}
# Enough for the speed of a step, few beside what is trained.
MEASURED = 4000


def main() -> None:
    given = _arguments()
    determinism.configure(given.threads)
    dataset = load(DatasetSpec(given.dataset, given.train_size), KEPT)
    print(f"{dataset.title}: {len(dataset.train):,} training images, {given.threads} threads")
    epochs = {name: _epochs(RECIPES[name], dataset, given) for name in given.recipes}
    found: dict[str, list[float]] = {name: [] for name in given.recipes}
    # One after another within each seed, so that a machine that becomes slower is fair to all.
    for seed in range(given.seeds):
        for name in given.recipes:
            found[name].append(_measured(name, dataset, seed, epochs[name]))
    if given.seeds > 1:
        for name, accuracies in found.items():
            print(f"{name}: test accuracy {_over_seeds(accuracies)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--dataset", default="shapes", help="as for `runner submit train`")
    parser.add_argument("--train-size", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, help="of every recipe (default: its own)")
    length.add_argument("--minutes", type=float, help="train each recipe for so long")
    given = parser.parse_args()
    given.recipes = given.recipes or list(RECIPES)
    for name in given.recipes:
        if name not in RECIPES:
            parser.error(f"no recipe {name!r}: name {', '.join(RECIPES)}")
    return given


def _epochs(params: Params, dataset: Dataset, given: argparse.Namespace) -> int:
    if given.minutes is None:
        return given.epochs or params.training.epochs
    share = min(1.0, MEASURED / len(dataset.train))
    part = replace(
        dataset,
        train=dataset.train.take(slice(0, round(share * len(dataset.train)))),
        validation=dataset.validation.take(slice(0, round(share * len(dataset.validation)))),
    )
    # The first epoch compiles the steps.
    _, second = train(params, part, 0, epochs=2).epochs
    return max(1, int(60 * given.minutes * share / second.seconds))


def _measured(name: str, dataset: Dataset, seed: int, epochs: int) -> float:
    """Train a recipe, print what it reaches on the test images, and return its accuracy there."""

    def show(epoch: Epoch, _: bytes) -> None:
        print(f"  {name}, epoch {epoch.epoch} of {epochs}: {epoch.seconds:.0f} s,", end=" ")
        print(f"validation accuracy {epoch.val_accuracy:.4f}", flush=True)

    recipe = RECIPES[name]
    params = replace(recipe, training=replace(recipe.training, epochs=epochs))
    trained = train(params, dataset, seed, hooks=Hooks(on_epoch=show))
    shape, classes = dataset.train.images.shape[1:], len(dataset.classes)
    predictor = Predictor(building.restore(params, shape, classes, trained.weights))
    images, labels = dataset.test.scaled(), dataset.test.labels
    rows = predictor.probabilities(images)
    mirrored = predictor.probabilities(images[:, :, ::-1])
    accuracy = float(np.mean(rows.argmax(axis=1) == labels))
    both = float(np.mean((rows + mirrored).argmax(axis=1) == labels))
    seconds = sum(epoch.seconds for epoch in trained.epochs)
    print(
        f"{name}, seed {seed}: {epochs} epochs in {seconds / 60:.1f} minutes,",
        f"{epochs * len(dataset.train) / seconds:.0f} images/s with validation,",
        f"{predictor.model.count_params():,} weights:",
        f"test accuracy {_with_interval(accuracy, len(labels))},",
        f"together with the mirrored images {_with_interval(both, len(labels))}",
        flush=True,
    )
    return accuracy


def _with_interval(accuracy: float, images: int) -> str:
    low, high = accuracy_interval(accuracy, images)
    return f"{accuracy:.4f} [{low:.4f}, {high:.4f}]"


def _over_seeds(accuracies: list[float]) -> str:
    low, high = interval_over_seeds([accuracies]) or (float("nan"),) * 2
    return f"{fmean(accuracies):.4f} [{low:.4f}, {high:.4f}] over {len(accuracies)} seeds"


if __name__ == "__main__":
    main()
