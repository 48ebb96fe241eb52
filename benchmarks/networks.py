"""The network that the benchmarks explain: trained once for a data set, then kept."""

import argparse

from benchmarks.folders import KEPT
from cifar_model import determinism
from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.evaluation import evaluate
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.training import train

# So few steps are too short for Keras's slow running averages.
MOMENTUM = 0.9


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with what all benchmarks of explanations take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--dataset", default="shapes", help="as for `runner submit train`")
    parser.add_argument("--train-size", type=int, default=None)
    parser.add_argument("--image-size", type=int, default=None)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--filters", type=int, default=32, help="the paper's network has 32")
    return parser


def trained(given: argparse.Namespace, seed: int = 0) -> tuple[Predictor, Dataset]:
    """Return a network trained with a seed and its data set, and print what they are."""
    determinism.configure(1)
    dataset = load(DatasetSpec(given.dataset, given.train_size, given.image_size), KEPT)
    shape, classes = dataset.train.images.shape[1:], len(dataset.classes)
    params = Params.from_json({"filters": given.filters, "batch_norm_momentum": MOMENTUM})
    name = f"{dataset.fingerprint[:12]}-{given.train_size}-{given.epochs}-{given.filters}"
    kept = KEPT / (f"{name}-{seed}.npz" if seed else f"{name}.npz")
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(train(params, dataset, seed, epochs=given.epochs).weights)
    predictor = Predictor(building.restore(params, shape, classes, kept.read_bytes()))
    accuracy = evaluate(predictor, dataset.test, classes).accuracy
    size = f"{predictor.model.count_params():,} parameters"
    trained_on = f"{len(dataset.train)} images, {given.epochs} epochs"
    print(f"{dataset.title}: {trained_on}, {size}, test accuracy {accuracy:.3f}", flush=True)
    return predictor, dataset
