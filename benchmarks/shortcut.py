"""How often a planted shortcut is found, and how often one is reported where none was planted.

Trains a network for every seed on `shortcut`, whose hearts have a mark in the corner, and on
`shapes`, whose hearts have none, and explains the predicted class of test images. What `runner
report` would say of these explanations is printed seed by seed and kept, so a run that was stopped
goes on where it was.
"""

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.folders import KEPT
from benchmarks.networks import arguments, trained
from benchmarks.trust import share
from benchmarks.truth import METHODS, Method
from cifar_model.data import Dataset
from cifar_model.data.shortcut import SPOILED, region
from cifar_model.explanation import coarse
from cifar_model.explanation.regions import mask
from cifar_model.explanation.segmentation import divide
from cifar_model.prediction import Predictor
from runner.reports.explanation.shortcuts import Shortcut, find_shortcuts

DATASETS = ("shortcut", "shapes")
BY_NAME: dict[str, Method] = {
    name: method for name, segmentation, method in METHODS if segmentation == "small"
}


def main() -> None:
    """Measure every seed that was not measured before, and print what was found of all."""
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="so many of them")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--methods", nargs="+", choices=list(BY_NAME), default=["lime"])
    parser.set_defaults(epochs=14, filters=16)
    given = parser.parse_args()
    kept = KEPT / f"shortcut-{given.epochs}-{given.filters}-{given.images}.json"
    results: dict[str, list[str]] = json.loads(kept.read_text()) if kept.exists() else {}
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    for seed in seeds:
        for given.dataset in DATASETS:
            missing = [of for of in given.methods if _key(given.dataset, of, seed) not in results]
            if not missing:
                continue
            predictor, dataset = trained(given, seed)
            for name in missing:
                found = find_shortcuts(masks(predictor, dataset, BY_NAME[name], given.images)) or []
                results[_key(given.dataset, name, seed)] = [_said(shortcut) for shortcut in found]
                kept.write_text(json.dumps(results, indent=1))
    for name in given.methods:
        summarise(name, results, seeds)


def summarise(method: str, results: dict[str, list[str]], seeds: Sequence[int]) -> None:
    """Print what was found of each seed, and in how many seeds it is right."""
    for dataset in DATASETS:
        of_seeds = [results[_key(dataset, method, seed)] for seed in seeds]
        for seed, found in zip(seeds, of_seeds, strict=True):
            print(f"{method}, {dataset}, seed {seed}: {'; '.join(found) or 'no shortcut'}")
        planted = [any(said.startswith("the mark: ") for said in found) for found in of_seeds]
        others = [any(not said.startswith("the mark: ") for said in found) for found in of_seeds]
        print(f"{method}, {dataset}: the mark is found in {share(planted)} seeds")
        print(
            f"{method}, {dataset}: anything else is reported in {share(others)} seeds", flush=True
        )


def masks(
    predictor: Predictor, dataset: Dataset, method: Method, images: int
) -> dict[str, list[bytes]]:
    """Return the coarse masks of the first test images by their predicted classes."""
    found: dict[str, list[bytes]] = {}
    for scaled in dataset.test.scaled(slice(0, images)):
        label = int(predictor.probabilities(scaled[None])[0].argmax())
        divided = divide(scaled, "small")
        packed = coarse.pack(mask(divided.segments, method(predictor, divided, label)))
        found.setdefault(dataset.classes[label], []).append(packed)
    return found


def _said(found: Shortcut) -> str:
    planted = found.class_ == SPOILED and bool((region() & _cells(found)).any())
    return f"{'the mark: ' if planted else ''}{found.words()} (p {found.p:.1g})"


def _cells(found: Shortcut) -> NDArray[np.bool_]:
    """Return the pixels of the region's box."""
    height, width = (np.arange(size) / size for size in region().shape)
    rows = (height >= found.top) & (height < found.bottom)
    columns = (width >= found.left) & (width < found.right)
    box: NDArray[np.bool_] = rows[:, None] & columns
    return box


def _key(dataset: str, method: str, seed: int) -> str:
    return f"{dataset} {method} {seed}"


if __name__ == "__main__":
    main()
