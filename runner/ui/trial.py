"""What the pages of a trial and of an explanation need beside the documents of reports."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner.errors import InputError
from runner.reports.explanation.rows import explanation
from runner.reports.records import Explanation, fields_of
from runner.reports.trial import TrialDocument, trial_document
from runner.specs import Configuration
from runner.store import queries
from runner.store.artifacts import get_array
from runner.store.engine import Store
from runner.store.queries.explanations import Wanted, newest
from runner.store.queries.predictions import newest_predictions
from runner.store.queries.reports import explanation_row

MOST_EXPLANATIONS = 200
# Images that a cell of a confusion matrix lists.
MOST_IMAGES = 200


@dataclass(frozen=True, slots=True)
class TrialPage(TrialDocument):
    """A trial with its newest explanations."""

    explanations: list[Explanation]


@dataclass(frozen=True, slots=True)
class PredictedImage:
    """An image of a split: its number, and the probabilities of its class and the predicted one."""

    image: int
    probability: float | None
    true_probability: float | None


@dataclass(frozen=True, slots=True)
class CellDocument:
    """The images of one true and one predicted class, those with the highest probability first."""

    trial: int
    split: str
    count: int
    images: list[PredictedImage]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationPage(Explanation):
    """An explanation with the superpixel of each pixel."""

    superpixel_of: list[list[int]]


def trial_page(store: Store, number: int) -> TrialPage:
    """Return the document of a trial's page."""
    document = trial_document(store, trial=number)
    classes = document.dataset.classes
    with store.read() as connection:
        rows = newest(connection, Wanted(None, number, None, None, {}), {}, MOST_EXPLANATIONS)
    found = [explanation(row, _classes(store, row.experiment) or classes) for row in rows]
    return TrialPage(**fields_of(document), explanations=found)


def job_page(store: Store, number: int) -> TrialPage:
    """Return the document of the page of a job that has no trial yet."""
    return TrialPage(**fields_of(trial_document(store, job=number)), explanations=[])


def cell_document(store: Store, number: int, split: str, cell: tuple[int, int]) -> CellDocument:
    """Return the images that a cell, (true, predicted), of a trial's confusion matrix counts."""
    true_label, predicted_label = cell
    found = newest_predictions(store, number, split)
    if found is None:
        raise InputError(
            f"trial {number} has not been evaluated on the {split} split",
            "a trial with an evaluation",
            f"run `runner submit evaluate --trial {number} --split {split}`",
        )
    chosen = np.flatnonzero((found.labels == true_label) & (found.predictions == predicted_label))
    images = [PredictedImage(int(each), None, None) for each in chosen]
    if found.probabilities is not None:
        images = [
            PredictedImage(
                int(each),
                float(found.probabilities[each, predicted_label]),
                float(found.probabilities[each, true_label]),
            )
            for each in chosen
        ]
        images.sort(key=lambda each: -(each.probability or 0))
    return CellDocument(number, split, len(images), images[:MOST_IMAGES])


def explanation_page(store: Store, number: int) -> ExplanationPage:
    """Return the document of an explanation's page."""
    with store.read() as connection:
        row = explanation_row(connection, number)
    if row is None:
        raise InputError(
            f"there is no explanation {number} in the {store.name}",
            "the number of an explanation",
            "`runner explanations` lists the explanations",
        )
    record = explanation(row, _classes(store, row.experiment))
    segments = get_array(store, record.segments)
    return ExplanationPage(**fields_of(record), superpixel_of=segments.tolist())


def picture(store: Store, number: int) -> bytes:
    """Return the image of an explanation as PNG."""
    with store.read() as connection:
        row = explanation_row(connection, number)
    if row is None or row.picture is None:
        raise InputError(
            f"the image of explanation {number} is not stored",
            "an explanation with its image",
            "explain the image again with this version",
        )
    return _as_png(get_array(store, row.picture))


def _classes(store: Store, experiment: int) -> list[str]:
    return Configuration(queries.experiment(store, experiment).configuration).dataset.classes


def _as_png(image: NDArray[np.uint8]) -> bytes:
    shown = image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
    written = io.BytesIO()
    Image.fromarray(shown).save(written, "PNG")
    return written.getvalue()
