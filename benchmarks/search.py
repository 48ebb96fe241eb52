"""TPE against random on a stored surface: what one reduced grid gave at every point.

`python -m benchmarks.search` draws 60 points with each sampler and ten seeds, from the stored
validation losses, and compares the best of them, paired by seed; it trains nothing.
`python -m benchmarks.search --train` trains every point of the grid and stores the surface.
"""

import argparse
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import wilcoxon

from benchmarks.folders import REFERENCE
from cifar_model.grid import branches, ends_of, given_grid, point_at
from cifar_model.params import RULES, ParamValues
from runner.search.asked import Asked, Search, Values
from runner.search.sampling import Proposer

SURFACE = REFERENCE / "search-surface.json"

# A multilayer perceptron of scikit-learn has these under other names, see `train_surface`.
GRID = given_grid(
    {
        "lr": [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3],
        "batch_size": [8, 16, 32, 64],
        "filters": [4, 8, 16, 32],
        "weight_decay": [0.0, 0.01, 1.0],
        "optimizer": ["adam", "sgd"],
    }
)
IMAGES, EPOCHS, SEED = 400, 5, 0

TRIALS, SEEDS = 60, 10


def identity(point: ParamValues) -> str:
    """Return what a point is called in the surface."""
    return json.dumps(point, sort_keys=True)


def all_points() -> list[ParamValues]:
    """Return every point of the grid."""
    found = branches(GRID, RULES)
    ends = ends_of(found)
    return [point_at(found, ends, index) for index in range(ends[-1])]


def train_surface(path: Path) -> None:
    """Train every point once, and store the validation loss after the last epoch.

    The images are 400 of scikit-learn's digits, with another 400 for validation. The Keras network
    has the same parameters, but takes a hundred times as long.
    """
    from sklearn.datasets import load_digits
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")
    digits = load_digits()
    rows = np.random.default_rng(SEED).permutation(len(digits.target))
    train, validation = rows[:IMAGES], rows[IMAGES : 2 * IMAGES]
    values: list[float] = []
    for point in all_points():
        network = MLPClassifier(
            hidden_layer_sizes=(int(point["filters"]),),
            learning_rate_init=float(point["lr"]),
            batch_size=int(point["batch_size"]),
            alpha=float(point["weight_decay"]),
            solver=str(point["optimizer"]),
            max_iter=EPOCHS,
            random_state=SEED,
        )
        network.fit(digits.data[train] / 16, digits.target[train])
        found = network.predict_proba(digits.data[validation] / 16)
        values.append(round(float(log_loss(digits.target[validation], found)), 6))
    about = {"data": "digits of scikit-learn", "images": IMAGES, "epochs": EPOCHS, "seed": SEED}
    path.write_text(json.dumps({**about, "val_loss": values}) + "\n")


def read_surface(path: Path = SURFACE) -> dict[str, float]:
    """Return the validation loss of every point."""
    values = json.loads(path.read_text())["val_loss"]
    return dict(zip(map(identity, all_points()), values, strict=True))


def search(sampler: str, seed: int, surface: dict[str, float]) -> list[float]:
    """Return the best validation loss so far after each of the trials of a search."""
    proposer = Proposer(Search(sampler, seed, GRID, minimize=[True]), RULES, identity)
    told: dict[int, Values | None] = {}
    best: list[float] = []
    for number in range(1, TRIALS + 1):
        value = surface[identity(proposer.ask(Asked(number, None, told)))]
        told = {number: (value,)}
        best.append(min([*best[-1:], value]))
    return best


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best validation loss of each seed, and the p-value of the paired one-sided test."""

    tpe: list[float]
    random: list[float]
    p_value: float

    @property
    def met(self) -> bool:
        """Return whether TPE is better with p < 0.05."""
        return self.p_value < 0.05


def curves(surface: dict[str, float]) -> dict[str, list[list[float]]]:
    """Return the best value so far of each sampler, seed and number of trials."""
    return {
        sampler: [search(sampler, seed, surface) for seed in range(SEEDS)]
        for sampler in ("tpe", "random")
    }


def compare(drawn: dict[str, list[list[float]]], trials: int = TRIALS) -> Comparison:
    """Compare the samplers after so many trials."""
    found = {sampler: [best[trials - 1] for best in of] for sampler, of in drawn.items()}
    differences = np.subtract(found["tpe"], found["random"])
    test = wilcoxon(differences, alternative="less", zero_method="zsplit")
    return Comparison(found["tpe"], found["random"], float(test.pvalue))


def main() -> None:
    """Train the surface, or compare the samplers on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true", help="train every point and store it")
    parser.add_argument("--surface", type=Path, default=SURFACE)
    given = parser.parse_args()
    if given.train:
        train_surface(given.surface)
        return
    surface = read_surface(given.surface)
    known = sorted(surface.values())
    print(f"{len(surface)} points, best val_loss {known[0]:.4f}, median {np.median(known):.4f}")
    drawn = curves(surface)
    for trials in (20, 40, TRIALS):
        found = compare(drawn, trials)
        rank = {
            name: np.mean([known.index(value) + 1 for value in values])
            for name, values in (("tpe", found.tpe), ("random", found.random))
        }
        print(
            f"after {trials} trials, mean of {SEEDS} seeds: tpe {np.mean(found.tpe):.4f}"
            f" (rank {rank['tpe']:.1f}), random {np.mean(found.random):.4f}"
            f" (rank {rank['random']:.1f}), one-sided Wilcoxon p = {found.p_value:.4f}:"
            f" {'met' if found.met else 'not met'}"
        )


if __name__ == "__main__":
    main()
