"""LIME against the stock package, by turns in one process: are the numbers equal, how fast.

The package is called as it comes, and in the ways that its user can make faster.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray

from benchmarks.networks import arguments, trained
from benchmarks.record import Measured
from cifar_model.data import Dataset
from cifar_model.explanation.lime import Fit, Neighbourhood
from cifar_model.explanation.regions import Divided
from cifar_model.explanation.segmentation import divide
from cifar_model.explanation.settings import SEGMENTATIONS
from cifar_model.prediction import Predictor

SEEDS = (0, 1)

# How many copies the package hands over at once, and what predicts them.
WAYS = {
    "as it comes": (10, "predict"),
    "batch_size=250": (250, "predict"),
    "batch_size=250, predict_on_batch": (250, "predict_on_batch"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """What is explained of an image."""

    label: int
    samples: int
    seed: int


def stock(
    predictor: Predictor, segmentation: str, divided: Divided, case: Case, way: tuple[int, str]
) -> Any:
    """Explain with the package, in one of the ways above."""
    batch, predict = way
    # What hides a superpixel is given to it, unless it is the package's own choice.
    own = segmentation == "stock"
    return LimeImageExplainer(random_state=case.seed).explain_instance(
        divided.scaled,
        _prediction(predictor, predict),
        labels=(case.label,),
        top_labels=None,
        num_samples=case.samples,
        batch_size=batch,
        hide_color=None if own else divided.filled,
        segmentation_fn=lambda picture: divide(picture, segmentation).segments,
    )


def _prediction(predictor: Predictor, predict: str) -> Callable[[NDArray[Any]], NDArray[Any]]:
    if predict == "predict":
        return lambda images: predictor.model.predict(images, verbose=0)
    on_batch: Callable[[NDArray[Any]], NDArray[Any]] = predictor.model.predict_on_batch
    return on_batch


def ours(predictor: Predictor, scaled: NDArray[np.float32], segmentation: str, case: Case) -> Fit:
    """Explain the same with ours, segmentation included."""
    divided = divide(scaled, segmentation)
    around = Neighbourhood(predictor, divided, samples=case.samples, seed=case.seed)
    return around.fit(case.label)


def difference(expected: Any, found: Fit, label: int) -> float:
    """Return the largest difference of any weight, the intercept and the score."""
    weights = [weight for _, weight in sorted(expected.local_exp[label])]
    return max(
        float(np.abs(np.subtract(weights, found.weights)).max()),
        abs(float(expected.intercept[label]) - found.intercept),
        abs(float(expected.score) - found.r2),
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """Seconds an explanation and the largest differences; ours are the last seconds."""

    segmentation: str
    seconds: list[tuple[float, ...]]
    differences: list[list[float]]

    def ratios(self) -> dict[str, float]:
        """Return how many times as long as ours each way of the package takes, at the median."""
        *slow, fast = np.median(self.seconds, axis=0)
        return {way: float(took / fast) for way, took in zip(WAYS, slow, strict=True)}

    def rows(self) -> list[list[str]]:
        """Return the rows of the table."""
        *slow, fast = np.median(self.seconds, axis=0)
        largest = np.max(self.differences, axis=0)
        ours = [self.segmentation, "this project", f"{fast:.3f}", "1.0", "0"]
        package = [
            [
                self.segmentation,
                f"the package, {way}",
                f"{took:.3f}",
                f"{took / fast:.1f}",
                f"{off:g}",
            ]
            for way, took, off in zip(WAYS, slow, largest, strict=True)
        ]
        return [ours, *package]


def measure(given: Sequence[str]) -> Measured:
    """Explain every image with both, by turns; return the times and the largest differences."""
    parser = arguments(__doc__)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--samples", type=int, default=1000)
    chosen = parser.parse_args(given)
    predictor, dataset = trained(chosen)
    found = [
        compare(predictor, dataset, segmentation, chosen.images, chosen.samples)
        for segmentation in SEGMENTATIONS
    ]
    return Measured(
        title="Explanations beside stock LIME",
        columns=("segmentation", "", "median s", "times this project's", "largest difference"),
        rows=[row for one in found for row in one.rows()],
        note=(
            f"{chosen.images} images of {dataset.title}, {len(SEEDS)} seeds each,"
            f" {chosen.samples:,} samples, by turns in one process, segmentation included. The"
            " difference is that of any weight, the intercept and the score."
        ),
        ratios={
            f"{one.segmentation}, {way}": of for one in found for way, of in one.ratios().items()
        },
    )


def compare(
    predictor: Predictor, dataset: Dataset, segmentation: str, images: int, samples: int
) -> Compared:
    """Explain the true class of each image in every way, by turns."""
    found = Compared(segmentation, [], [])
    for image in range(images):
        scaled = dataset.test.scaled(slice(image, image + 1))[0]
        for seed in SEEDS:
            case = Case(int(dataset.test.labels[image]), samples, seed)
            divided = divide(scaled, segmentation)
            times, expected = [], []
            for way in WAYS.values():
                started = time.perf_counter()
                expected.append(stock(predictor, segmentation, divided, case, way))
                times.append(time.perf_counter() - started)
            started = time.perf_counter()
            fit = ours(predictor, scaled, segmentation, case)
            found.seconds.append((*times, time.perf_counter() - started))
            found.differences.append([difference(each, fit, case.label) for each in expected])
        if (image + 1) % 10 == 0:
            print(f"{segmentation}: {image + 1} images explained", flush=True)
    return found
