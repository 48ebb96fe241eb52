"""The document of the images of a trial: right or wrong, by class, by confidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_model.data import Description
from runner.errors import InputError
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries.explanations import explained_images
from runner.store.queries.predictions import Predictions, newest_predictions
from runner.ui.pictures import Pictures

CHOICES = ("wrong", "right", "all")
# By the probability of the predicted class: the highest first, or the lowest.
ORDERS = ("sure", "unsure")
PER_PAGE = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """Which images of a split are listed; `true` and `predicted` are labels, None for all."""

    split: str
    choice: str
    true: int | None
    predicted: int | None
    order: str
    page: int


@dataclass(frozen=True, slots=True)
class ListedImage:
    """An image with its classes, the probability of every class, and its explanations."""

    image: int
    true_class: str
    predicted_class: str
    probability: float | None
    true_probability: float | None
    probabilities: list[float] | None
    explanations: list[int]


@dataclass(frozen=True, slots=True)
class ImagesDocument:
    """The chosen images of a trial's newest evaluation on a split, a page of them.

    `pictures` tells whether the images themselves are shown: `here`, `reading` or `none`; the
    `reason` is why not.
    """

    trial: int
    split: str
    evaluation: int
    classes: list[str]
    count: int
    page: int
    pages: int
    pictures: str
    reason: str
    images: list[ListedImage]


def images_document(
    store: Store, pictures: Pictures, number: int, wanted: Choice
) -> ImagesDocument:
    """Return the images of a trial that are chosen."""
    found = newest_predictions(store, number, wanted.split)
    dataset = dataset_of(store, number)
    if found is None:
        raise InputError(
            f"trial {number} has not been evaluated on the {wanted.split} split",
            "a trial with an evaluation",
            f"run `runner submit evaluate --trial {number} --split {wanted.split}`",
        )
    chosen = _ordered(found, _chosen(found, wanted), wanted.order)
    start = (wanted.page - 1) * PER_PAGE
    shown = [int(image) for image in chosen[start : start + PER_PAGE]]
    explained = {}
    if wanted.split == "test":
        with store.read() as connection:
            explained = explained_images(connection, number, shown)
    available = pictures.availability(dataset)
    return ImagesDocument(
        trial=number,
        split=wanted.split,
        evaluation=found.evaluation,
        classes=dataset.classes,
        count=len(chosen),
        page=wanted.page,
        pages=max(1, -(-len(chosen) // PER_PAGE)),
        pictures=available.images,
        reason=available.reason,
        images=[_listed(found, dataset.classes, each, explained.get(each, [])) for each in shown],
    )


def dataset_of(store: Store, number: int) -> Description:
    """Return the data set of a trial."""
    return Description.from_json(queries.trial(store, number).dataset)


def _chosen(found: Predictions, wanted: Choice) -> NDArray[np.intp]:
    """Return the numbers of the images that are chosen."""
    right = found.predictions == found.labels
    chosen = {"wrong": ~right, "right": right, "all": np.ones_like(right)}[wanted.choice]
    if wanted.true is not None:
        chosen = chosen & (found.labels == wanted.true)
    if wanted.predicted is not None:
        chosen = chosen & (found.predictions == wanted.predicted)
    return np.flatnonzero(chosen)


def _ordered(found: Predictions, chosen: NDArray[np.intp], order: str) -> NDArray[np.intp]:
    if found.probabilities is None:
        return chosen
    sure = found.probabilities[chosen, found.predictions[chosen]].astype(float)
    ranked: NDArray[np.intp] = chosen[np.argsort(-sure if order == "sure" else sure, kind="stable")]
    return ranked


def _listed(
    found: Predictions, classes: Sequence[str], image: int, explanations: list[int]
) -> ListedImage:
    true, predicted = int(found.labels[image]), int(found.predictions[image])
    rows = found.probabilities
    every = None if rows is None else [round(float(each), 4) for each in rows[image]]
    return ListedImage(
        image=image,
        true_class=classes[true],
        predicted_class=classes[predicted],
        probability=every[predicted] if every else None,
        true_probability=every[true] if every else None,
        probabilities=every,
        explanations=explanations,
    )
