"""Do explanations find the object? Measured on `shapes`, where it is known which pixels it has."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.networks import arguments, trained
from benchmarks.trust import share
from cifar_model.data import shapes
from cifar_model.explanation.lime import Neighbourhood
from cifar_model.explanation.regions import Segments, mask, strongest
from cifar_model.explanation.segmentation import segment
from cifar_model.explanation.settings import SEGMENTATIONS

SAMPLES = 1000


def main() -> None:
    """Explain the predicted class of pictures that are predicted right, and compare regions."""
    parser = arguments(__doc__)
    parser.add_argument("--images", type=int, default=200)
    given = parser.parse_args()
    given.dataset = "shapes"
    predictor, dataset = trained(given)
    rows = predictor.probabilities(dataset.test.scaled(slice(0, 2 * given.images)))
    right = np.flatnonzero(rows.argmax(axis=1) == dataset.test.labels[: len(rows)])[: given.images]
    for segmentation in SEGMENTATIONS:
        hits, chance, overlaps = [], [], []
        for image in right.tolist():
            scaled = dataset.test.scaled(slice(image, image + 1))[0]
            segments = segment(scaled, segmentation)
            around = Neighbourhood(predictor, scaled, segments, samples=SAMPLES, seed=0)
            weights = around.fit(int(dataset.test.labels[image])).weights
            truth = shapes.region(image)
            hits.append(middle_is_inside(segments, best(weights), truth))
            chance.append(float(truth.mean()))
            found = mask(segments, weights) > 0
            overlaps.append(float((found & truth).sum() / (found | truth).sum()))
        print(segmentation, "the strongest superpixel for the class is in the object", share(hits))
        print(segmentation, f"objects cover {np.mean(chance):.1%} of the picture")
        print(segmentation, f"mean intersection over union {np.mean(overlaps):.3f}", flush=True)


def best(weights: list[float]) -> int:
    """Return the strongest superpixel that speaks for the class, or the strongest of all."""
    speaking = [number for number in strongest(weights, len(weights)) if weights[number] > 0]
    return (speaking or strongest(weights))[0]


def middle_is_inside(segments: Segments, superpixel: int, truth: NDArray[np.bool_]) -> bool:
    """Tell whether the pixel in the middle of a superpixel belongs to the object."""
    rows, columns = np.nonzero(segments == superpixel)
    middle = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    return bool(truth[rows[middle], columns[middle]])


if __name__ == "__main__":
    main()
