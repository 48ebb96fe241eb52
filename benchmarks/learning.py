"""What the paper's network learns on the backend that KERAS_BACKEND names, with several seeds.

`python -m benchmarks.learning` prints the validation accuracy of each seed, and their mean with its
interval by Student's t.
"""

import argparse

import numpy as np
from scipy.stats import t

from benchmarks.folders import KEPT
from cifar_model import determinism
from cifar_model.data import DatasetSpec, load
from cifar_model.params import Params
from cifar_model.training import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="shapes", help="as for `runner submit train`")
    parser.add_argument("--train-size", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=25)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    determinism.configure(1)
    print(determinism.fingerprint(), flush=True)
    dataset = load(DatasetSpec(given.dataset, given.train_size), KEPT)
    # So few steps are too short for Keras's slow running averages.
    params = Params.from_json({"batch_size": given.batch_size, "batch_norm_momentum": 0.9})
    found = []
    for seed in range(given.seeds):
        epochs = train(params, dataset, seed, epochs=given.epochs).epochs
        found.append(epochs[-1].val_accuracy)
        seconds = ", ".join(f"{epoch.seconds:.1f}" for epoch in epochs)
        print(f"seed {seed}: val_accuracy {found[-1]:.3f}; seconds {seconds}", flush=True)
    half = t.ppf(0.975, len(found) - 1) * np.std(found, ddof=1) / np.sqrt(len(found))
    print(f"mean {np.mean(found):.3f} (95 % interval {half:.3f} either way)")


if __name__ == "__main__":
    main()
