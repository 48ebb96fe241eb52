"""Do explanations find the object? Measured on `shapes`, where it is known which pixels it has.

First, over every method: hits by several rules beside what a random superpixel would hit, the
intersection over union of the shown regions and the object, and the area below the curve of
precision and recall of the pixels by their weights.

Then, over every method that `runner submit explain` has and every verdict: how many explanations
hit the object, and how far the probability falls without the shown regions, without random regions,
without the object as a hidden region is filled, and in the same image drawn without its object.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, sobel
from sklearn.metrics import average_precision_score

from benchmarks.networks import arguments, trained
from benchmarks.trust import share
from cifar_model.data import Dataset, shapes
from cifar_model.data.sizes import resize
from cifar_model.explanation.held_out import held_out
from cifar_model.explanation.lime import Neighbourhood
from cifar_model.explanation.methods import gradcam, integrated_gradients, occluded
from cifar_model.explanation.picture import explain
from cifar_model.explanation.randomisation import randomise
from cifar_model.explanation.regions import Divided, mask, strongest
from cifar_model.explanation.segmentation import divide, own_colour
from cifar_model.explanation.settings import METHODS as EXPLAINED_BY
from cifar_model.explanation.settings import Settings
from cifar_model.prediction import Predictor
from cifar_model.results import Explanation

SAMPLES = 1000
VERDICTS = ("sound", "weak", "void")

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


def edges(_: Predictor, divided: Divided, __: int) -> list[float]:
    """Return how strong the edges in each superpixel are: what knows no network finds."""
    grey = divided.scaled.mean(axis=-1)
    strength = np.hypot(sobel(grey, axis=0), sobel(grey, axis=1)).ravel()
    sizes = np.bincount(divided.segments.ravel())
    found: list[float] = (np.bincount(divided.segments.ravel(), strength) / sizes).tolist()
    return found


METHODS: tuple[tuple[str, str, Method], ...] = (
    ("lime", "small", lime),
    ("occlusion", "small", occlusion),
    ("gradcam", "small", gradcam),
    ("integrated_gradients", "small", integrated_gradients),
    ("lime, hidden by its own colour", "small", lime_own_colour),
    ("lime", "stock", lime),
    ("edges, without a network", "small", edges),
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
    parser.add_argument("--methods", nargs="*", choices=EXPLAINED_BY, default=EXPLAINED_BY)
    parser.add_argument("--verdicts-only", action="store_true", help="skip the first table")
    given = parser.parse_args()
    given.dataset = "shapes"
    predictor, dataset = trained(given)
    if not given.verdicts_only:
        by_method(predictor, dataset, given)
    for method in given.methods:
        by_verdict(predictor, dataset, method, given.images)


def by_method(predictor: Predictor, dataset: Dataset, given: argparse.Namespace) -> None:
    """Score the weights of every method on images that are predicted right."""
    rows = predictor.probabilities(dataset.test.scaled(slice(0, 2 * given.images)))
    right = np.flatnonzero(rows.argmax(axis=1) == dataset.test.labels[: len(rows)])[: given.images]
    size = dataset.test.images.shape[1]
    covered = np.mean([region(image, size).mean() for image in right])
    print(f"{len(right)} images, objects cover {covered:.1%} of them", flush=True)
    for name, segmentation, method in METHODS:
        found = Found()
        for image in right.tolist():
            scaled = dataset.test.scaled(slice(image, image + 1))[0]
            divided = divide(scaled, segmentation)
            weights = method(predictor, divided, int(dataset.test.labels[image]))
            found.add(divided, weights, region(image, size))
        summarise(f"{name}, {segmentation}", found)


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an explanation hits the object, and by how much the probability falls."""

    verdict: str
    hit: bool
    chance: float
    falls: dict[str, float]


def by_verdict(predictor: Predictor, dataset: Dataset, method: str, images: int) -> None:
    """Score the explanations of the predicted class, right or wrong, verdict by verdict.

    The verdicts are by all the rules, like those of a job.
    """
    settings = Settings("small", SAMPLES, 0, method)
    untrained = randomise(predictor.model, dataset.test.images, settings)
    known = held_out(predictor, dataset.test)
    found = []
    for image in range(images):
        (explanation,) = explain(
            predictor, dataset.test.images[image], [], settings, untrained, known.without(image)
        ).explanations
        found.append(judged(predictor, dataset, image, explanation))
    for verdict in VERDICTS:
        of = [each for each in found if each.verdict == verdict]
        if of:
            chance = np.mean([each.chance for each in of])
            hits = share([each.hit for each in of])
            print(f"{method}, {verdict}: {MIDDLE}: {hits}, by chance {chance:.1%}")
            falls = [
                f"{name} {np.mean([each.falls[name] for each in of if name in each.falls]):.3f}"
                for name in sorted(set().union(*(each.falls for each in of)))
            ]
            print(f"{method}, {verdict}: mean fall: {', '.join(falls)}", flush=True)


def judged(predictor: Predictor, dataset: Dataset, image: int, explanation: Explanation) -> Judged:
    """Compare an explanation of a test image with the object."""
    divided = divide(dataset.test.scaled(slice(image, image + 1))[0], "small")
    hits = rules(divided, region(image, dataset.test.images.shape[1]))[MIDDLE]
    falls = fallen(predictor, divided, image, explanation)
    hit = bool(hits[best(explanation.weights)])
    return Judged(explanation.verdict, hit, float(hits.mean()), falls)


def fallen(
    predictor: Predictor, divided: Divided, image: int, explanation: Explanation
) -> dict[str, float]:
    """Return by how much the probability of the explained class falls, by what is removed."""
    size = len(divided.segments)
    drawn = np.divide(resize(shapes.without_object(image)[None], size)[0], 255, dtype=np.float32)
    filled = divided.without(region(image, size)[None])[0]
    exact, by_fill = predictor.probabilities(np.stack([drawn, filled]))[:, explanation.label]
    checks, before = explanation.checks, explanation.probability
    left = {
        "the object, drawn without it": float(exact),
        "the object, filled": float(by_fill),
        "the shown regions, filled": checks.removed,
        "random regions, filled": checks.removed_random,
    }
    return {name: before - after for name, after in left.items() if after is not None}


def region(image: int, size: int) -> Region:
    """Return where the object of a test image is if the image has so many pixels on each side."""
    covered = np.where(shapes.region(image), 255, 0).astype(np.uint8)
    inside: Region = resize(covered[None, :, :, None], size)[0, :, :, 0] >= 128
    return inside


def summarise(name: str, found: Found) -> None:
    """Print the shares with Wilson's 95 % intervals, and the means, each beside chance."""
    for rule, hits in found.hits.items():
        print(f"{name}: {rule}: {share(hits)}, by chance {np.mean(found.chances[rule]):.1%}")
    means = ", ".join(f"{score} {np.mean(values):.3f}" for score, values in found.scores.items())
    print(f"{name}: {means}", flush=True)


# The rule that verdicts are compared by.
MIDDLE = "its middle lies in the object"


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
        MIDDLE: np.array([truth[place] for place in middles]),
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
