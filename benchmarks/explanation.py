"""LIME against the stock package, by turns in one process: are the numbers equal, how fast."""

import time
from typing import Any

import numpy as np
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray

from benchmarks.networks import arguments, trained
from cifar_model.data import Dataset
from cifar_model.explanation.lime import Fit, Neighbourhood
from cifar_model.explanation.segmentation import SEGMENTATIONS, segment
from cifar_model.prediction import Predictor

SAMPLES = 1000
STOCK_BATCH = 10
SEEDS = (0, 1)


def stock(
    predictor: Predictor, scaled: NDArray[np.float32], segmentation: str, seed: int, label: int
) -> Any:
    """Explain with the package as it comes: `model.predict` on batches of ten."""
    return LimeImageExplainer(random_state=seed).explain_instance(
        scaled,
        lambda images: predictor.model.predict(images, verbose=0),
        labels=(label,),
        top_labels=None,
        num_samples=SAMPLES,
        batch_size=STOCK_BATCH,
        segmentation_fn=lambda picture: segment(picture, segmentation),
    )


def ours(
    predictor: Predictor, scaled: NDArray[np.float32], segmentation: str, seed: int, label: int
) -> Fit:
    """Explain the same with ours, segmentation included."""
    segments = segment(scaled, segmentation)
    return Neighbourhood(predictor, scaled, segments, samples=SAMPLES, seed=seed).fit(label)


def difference(expected: Any, found: Fit, label: int) -> float:
    """Return the largest difference of any weight, the intercept and the score."""
    weights = [weight for _, weight in sorted(expected.local_exp[label])]
    return max(
        float(np.abs(np.subtract(weights, found.weights)).max()),
        abs(float(expected.intercept[label]) - found.intercept),
        abs(float(expected.score) - found.r2),
    )


def main() -> None:
    """Explain every picture with both, by turns, and print the largest difference and the times."""
    parser = arguments(__doc__)
    parser.add_argument("--images", type=int, default=100)
    given = parser.parse_args()
    predictor, dataset = trained(given)
    for segmentation in SEGMENTATIONS:
        compare(predictor, dataset, segmentation, given.images)


def compare(predictor: Predictor, dataset: Dataset, segmentation: str, images: int) -> None:
    """Explain the true class of each picture with both, by turns; print what came out so far."""
    largest, seconds = 0.0, []
    for image in range(images):
        scaled = dataset.test.scaled(slice(image, image + 1))[0]
        label = int(dataset.test.labels[image])
        for seed in SEEDS:
            started = time.perf_counter()
            expected = stock(predictor, scaled, segmentation, seed, label)
            between = time.perf_counter()
            found = ours(predictor, scaled, segmentation, seed, label)
            seconds.append((between - started, time.perf_counter() - between))
            largest = max(largest, difference(expected, found, label))
        if (image + 1) % 10 == 0:
            slow, fast = np.median(seconds, axis=0)
            print(
                f"{segmentation}: {image + 1} pictures x {len(SEEDS)} seeds,"
                f" largest difference {largest}, median seconds {slow:.2f} stock, {fast:.3f} ours,"
                f" ratio {slow / fast:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
