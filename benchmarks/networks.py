"""The network that the benchmarks explain: trained once for a data set, then kept."""

import argparse
from pathlib import Path

from cifar_model import determinism, network
from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.evaluation import evaluate
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.training import train

KEPT = Path("results/benchmarks")

# So few steps are too short for Keras's slow running averages.
PARAMS = Params.from_json({"batch_norm_momentum": 0.9})


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with what all benchmarks of explanations take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--dataset", default="shapes", help="as for `runner submit train`")
    parser.add_argument("--train-size", type=int, default=None)
    parser.add_argument("--epochs", type=int, default=3)
    return parser


def trained(given: argparse.Namespace) -> tuple[Predictor, Dataset]:
    """Return a trained network and its data set, and print what they are."""
    determinism.configure(1)
    dataset = load(DatasetSpec(given.dataset, given.train_size), KEPT)
    shape, classes = dataset.train.images.shape[1:], len(dataset.classes)
    kept = KEPT / f"{dataset.fingerprint[:12]}-{given.train_size}-{given.epochs}.npz"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(train(PARAMS, dataset, 0, epochs=given.epochs).weights)
    predictor = Predictor(network.restore(PARAMS, shape, classes, kept.read_bytes()))
    accuracy = evaluate(predictor, dataset.test, classes).accuracy
    print(f"{dataset.title}: trained on {len(dataset.train)}, test accuracy {accuracy:.3f}")
    return predictor, dataset
