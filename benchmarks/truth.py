"""Do explanations find the object? Measured on `shapes`, where it is known which pixels it has.

One table over every method: hits by several rules beside what a random superpixel would hit, the
intersection over union of the shown regions and the object, and the area below the curve of
precision and recall of the pixels by their weights.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from sklearn.metrics import average_precision_score

from benchmarks.networks import arguments, trained
from benchmarks.trust import share
from cifar_model.data import shapes
from cifar_model.explanation.baselines import own_colour
from cifar_model.explanation.lime import Neighbourhood
from cifar_model.explanation.methods import gradcam, integrated_gradients, occluded
from cifar_model.explanation.regions import Divided, mask, strongest
from cifar_model.explanation.segmentation import divide
from cifar_model.prediction import Predictor

SAMPLES = 1000

# So many times the weights are dealt out anew among the superpixels: what chance would reach.
SHUFFLES = 10

Region = NDArray[np.bool_]
Method = Callable[[Predictor, Divided, int], list[float]]


def lime(predictor: Predictor, divided: Divided, label: int) -> list[float]:
    """Return LIME's weights for one seed."""
    return Neighbourhood(predictor, divided, samples=SAMPLES, seed=0).fit(label).weights


def lime_own_colour(predictor: Predictor, divided: Divided, label: int) -> list[float]:
    """Return LIME's weights if a hidden superpixel gets its own mean colour."""
    filled = own_colour(divided.scaled, divided.segments)
    return lime(predictor, Divided(divided.scaled, divided.segments, filled), label)


def occlusion(predictor: Predictor, divided: Divided, label: int) -> list[float]:
    """Return what each superpixel alone adds."""
    weights: list[float] = occluded(predictor, divided)[:, label].tolist()
    return weights


METHODS: tuple[tuple[str, str, Method], ...] = (
    ("lime", "small", lime),
    ("occlusion", "small", occlusion),
    ("gradcam", "small", gradcam),
    ("integrated_gradients", "small", integrated_gradients),
    ("lime, hidden by its own colour", "small", lime_own_colour),
    ("lime", "stock", lime),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What one method found of the images so far; chance is that of each image."""

    hits: dict[str, list[bool]] = field(default_factory=dict)
    chances: dict[str, list[float]] = field(default_factory=dict)
    scores: dict[str, list[float]] = field(default_factory=dict)

    def add(self, divided: Divided, weights: list[float], truth: Region) -> None:
        """Add one image."""
        for rule, hit in rules(divided, truth).items():
            self.hits.setdefault(rule, []).append(bool(hit[best(weights)]))
            self.chances.setdefault(rule, []).append(float(hit.mean()))
        random = np.random.default_rng(0)
        shuffled = [random.permutation(weights).tolist() for _ in range(SHUFFLES)]
        for name, score in (("overlap", overlap), ("precision", precision)):
            by_chance = [score(divided, values, truth) for values in shuffled]
            self.scores.setdefault(name, []).append(score(divided, weights, truth))
            self.scores.setdefault(f"{name} by chance", []).append(float(np.mean(by_chance)))


def main() -> None:
    """Explain the predicted class of images that are predicted right, and compare regions."""
    parser = arguments(__doc__)
    parser.add_argument("--images", type=int, default=200)
    given = parser.parse_args()
    given.dataset = "shapes"
    predictor, dataset = trained(given)
    rows = predictor.probabilities(dataset.test.scaled(slice(0, 2 * given.images)))
    right = np.flatnonzero(rows.argmax(axis=1) == dataset.test.labels[: len(rows)])[: given.images]
    covered = np.mean([shapes.region(image).mean() for image in right])
    print(f"{len(right)} images, objects cover {covered:.1%} of them", flush=True)
    for name, segmentation, method in METHODS:
        found = Found()
        for image in right.tolist():
            scaled = dataset.test.scaled(slice(image, image + 1))[0]
            divided = divide(scaled, segmentation)
            weights = method(predictor, divided, int(dataset.test.labels[image]))
            found.add(divided, weights, shapes.region(image))
        summarise(f"{name}, {segmentation}", found)


def summarise(name: str, found: Found) -> None:
    """Print the shares with Wilson's 95 % intervals, and the means, each beside chance."""
    for rule, hits in found.hits.items():
        print(f"{name}: {rule}: {share(hits)}, by chance {np.mean(found.chances[rule]):.1%}")
    means = ", ".join(f"{score} {np.mean(values):.3f}" for score, values in found.scores.items())
    print(f"{name}: {means}", flush=True)


def best(weights: list[float]) -> int:
    """Return the strongest superpixel that speaks for the class, or the strongest of all."""
    speaking = [number for number in strongest(weights, len(weights)) if weights[number] > 0]
    return (speaking or strongest(weights))[0]


def rules(divided: Divided, truth: Region) -> dict[str, Region]:
    """Tell of every superpixel whether it hits the object, by each rule."""
    sizes = np.bincount(divided.segments.ravel())
    inside = np.bincount(divided.segments.ravel(), weights=truth.ravel()) / sizes
    near = binary_dilation(truth, np.ones((3, 3)))
    middles = [middle(divided, superpixel) for superpixel in range(divided.superpixels)]
    return {
        "its middle lies in the object": np.array([truth[place] for place in middles]),
        "its middle lies in it or next to it": np.array([near[place] for place in middles]),
        "half of it lies in the object": inside >= 0.5,
        "it touches the object": inside > 0,
    }


def middle(divided: Divided, superpixel: int) -> tuple[int, int]:
    """Return the pixel in the middle of a superpixel: where its attribution is said to point."""
    rows, columns = np.nonzero(divided.segments == superpixel)
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    return int(rows[nearest]), int(columns[nearest])


def overlap(divided: Divided, weights: list[float], truth: Region) -> float:
    """Return the intersection over union of the shown regions for the class and the object."""
    found = mask(divided.segments, weights) > 0
    return float((found & truth).sum() / (found | truth).sum())


def precision(divided: Divided, weights: list[float], truth: Region) -> float:
    """Return the area below the curve of precision and recall, of pixels by their weights."""
    pixels = np.asarray(weights)[divided.segments]
    return float(average_precision_score(truth.ravel(), pixels.ravel()))


if __name__ == "__main__":
    main()
