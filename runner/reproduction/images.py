"""Our values and figures for the data set, the example images and their explanations."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cifar_model.explanation.regions import mask
from runner.reports.figures.overlay import draw_overlay
from runner.reports.figures.samples import draw_image, draw_samples
from runner.reports.model import Figure
from runner.reports.records import Explanation
from runner.reproduction.measured import Measured, Missing, Sources, Values, exact, first
from runner.store.artifacts import get_array

# The number of images whose pixels and labels are checked, and of images shown per class.
SAMPLES, OF_A_CLASS = 1000, 10


def splits(sources: Sources) -> Values:
    """Return the sizes of the splits, and the form of pixels and labels in training."""
    dataset = sources.reproduction.dataset
    rows = slice(SAMPLES)
    pixels, labels = dataset.train.scaled(rows), dataset.train.one_hot(len(dataset.classes), rows)
    low, high = float(pixels.min()), float(pixels.max())
    one_hot = set(np.unique(labels)) <= {0, 1} and bool((labels.sum(axis=1) == 1).all())
    return {
        "train images": exact(len(dataset.train)),
        "validation images": exact(len(dataset.validation)),
        "test images": exact(len(dataset.test)),
        "classes": exact(len(dataset.classes)),
        "pixels": exact(f"from {low:.3g} to {high:.3g}"),
        "labels": exact("one-hot" if one_hot else "not one-hot"),
    }


def samples(sources: Sources) -> Values:
    """Return the number of classes shown."""
    return {"classes shown": exact(len(sources.reproduction.dataset.classes))}


def sample_figures(sources: Sources) -> list[Figure]:
    """Draw sample images of each class."""
    dataset = sources.reproduction.dataset
    train = dataset.train
    shown = {
        name: train.images[train.labels == label][:OF_A_CLASS]
        for label, name in enumerate(dataset.classes)
    }
    return [draw_samples(sources.reproduction.named, shown)]


def subject(sources: Sources, name: str) -> Values:
    """Return what the image of a subject shows."""
    return {"picture": exact(f"a {_subject(sources, name).true_class}")}


def subject_figures(sources: Sources, name: str) -> list[Figure]:
    """Draw the image of a subject."""
    found = _subject(sources, name)
    what = f"Test image {found.image}: {found.true_class}"
    image = _image(sources, "activations", found)
    return [draw_image(sources.reproduction.named, what, image)]


def why(sources: Sources, name: str) -> Values:
    """Return the shares of the image that would be green and red, for both segmentations."""
    small = _explained(sources, "why-small", name)
    found: Values = {
        "predicted class": Measured(small.predicted_class),
        "probability": Measured(small.probability),
    }
    for segmentation in ("stock", "small"):
        made = _explained(sources, f"why-{segmentation}", name)
        signs = mask(get_array(sources.reproduction.store, made.segments), made.weights)
        shares = {"for": float((signs > 0).mean()), "against": float((signs < 0).mean())}
        for side, value in shares.items():
            found[f"share {side} it, {segmentation} segmentation"] = Measured(
                value, exact=segmentation == "stock"
            )
        found |= {
            f"superpixels, {segmentation} segmentation": Measured(made.superpixels),
            f"R2, {segmentation} segmentation": Measured(made.r2),
            f"verdict, {segmentation} segmentation": Measured(made.verdict),
        }
    return found


def why_figures(sources: Sources, name: str) -> list[Figure]:
    """Draw the explanation of a subject's class, for both segmentations."""
    drawn = []
    for segmentation in ("small", "stock"):
        step = f"why-{segmentation}"
        made = _explained(sources, step, name)
        arrays = {
            "image": _image(sources, step, made),
            "segments": get_array(sources.reproduction.store, made.segments),
        }
        figure = draw_overlay(sources.reproduction.named, made, arrays)
        drawn.append(replace(figure, name=f"{segmentation}-{figure.name}"))
    return drawn


def _subject(sources: Sources, name: str) -> Explanation:
    """Return an explanation of the image of a subject."""
    image = sources.reproduction.subjects.images[name]
    found = sources["activations"].explanations
    return first("activations", (made for made in found if made.image == image))


def _explained(sources: Sources, step: str, name: str) -> Explanation:
    """Return a step's explanation of the class of a subject."""
    shown = sources.reproduction.subjects.classes[name]
    return first(step, (made for made in sources[step].explanations if made.class_ == shown))


def _image(sources: Sources, step: str, made: Explanation) -> NDArray[np.uint8]:
    """Return the image of an explanation; raise Missing if it was not stored."""
    if made.picture is None:
        raise Missing(step)
    return get_array(sources.reproduction.store, made.picture)
