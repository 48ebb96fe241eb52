"""What the pages of a trial and of an explanation need beside the documents of reports."""

from dataclasses import dataclass
from functools import lru_cache

from runner.errors import InputError
from runner.reports.explanation.rows import explanation
from runner.reports.records import Explanation, fields_of
from runner.reports.stats.calibration import Calibration, calibration
from runner.reports.stats.uncertainty import known_interval
from runner.reports.trial import TrialDocument, trial_document
from runner.specs import Configuration
from runner.store import queries
from runner.store.artifacts import get_array
from runner.store.engine import Store
from runner.store.queries.explanations import Wanted, newest, of_same_image
from runner.store.queries.predictions import newest_stored
from runner.store.queries.reports import epochs_of_attempts, explanation_row
from runner.ui.pictures import as_png

MOST_EXPLANATIONS = 200


@dataclass(frozen=True, slots=True)
class TrialPage(TrialDocument):
    """A trial with its newest explanations, its calibration and what each attempt trained.

    `attempt_epochs` has the first and the last epoch that each of `attempt_details` recorded, or
    None.
    """

    explanations: list[Explanation]
    calibrations: list[Calibration]
    attempt_epochs: list[tuple[int, int] | None]


@dataclass(frozen=True, slots=True)
class Other:
    """Another explanation of the same image: of another class, by another method or trial."""

    explanation: int
    trial: int
    method: str
    class_: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationPage(Explanation):
    """An explanation with the superpixel of each pixel, and others of the same image."""

    superpixel_of: list[list[int]]
    others: list[Other]


def trial_page(store: Store, number: int) -> TrialPage:
    """Return the document of a trial's page."""
    document = trial_document(store, trial=number)
    classes = document.dataset.classes
    with store.read() as connection:
        rows = newest(connection, Wanted(None, number, None, None, {}), {}, MOST_EXPLANATIONS)
    found = [explanation(row, _classes(store, row.experiment) or classes) for row in rows]
    return _page(store, document, found, _calibrations(store, document))


def job_page(store: Store, number: int) -> TrialPage:
    """Return the document of the page of a job that has no trial yet."""
    return _page(store, trial_document(store, job=number), [], [])


def _page(
    store: Store,
    document: TrialDocument,
    explanations: list[Explanation],
    calibrations: list[Calibration],
) -> TrialPage:
    images = document.dataset.images
    with store.read() as connection:
        trained = epochs_of_attempts(connection, document.job)
    return TrialPage(
        **fields_of(document)
        | {"val_accuracy_interval": known_interval(document.val_accuracy, images.validation)},
        explanations=explanations,
        calibrations=calibrations,
        attempt_epochs=[trained.get(each.attempt) for each in document.attempt_details],
    )


def _calibrations(store: Store, document: TrialDocument) -> list[Calibration]:
    """Return the calibration of the newest evaluation on each split."""
    splits = dict.fromkeys(each.split for each in document.evaluations if each.fold is None)
    found = {split: newest_stored(store, document.trial or 0, split) for split in splits}
    return [
        _calibration(store, split, of.probabilities, of.labels)
        for split, of in found.items()
        if of is not None and of.probabilities is not None
    ]


@lru_cache(maxsize=64)
def _calibration(store: Store, split: str, probabilities: str, labels: str) -> Calibration:
    """Return the calibration of two arrays by their names, which change with their content."""
    return calibration(split, get_array(store, probabilities), get_array(store, labels))


def explanation_page(store: Store, number: int) -> ExplanationPage:
    """Return the document of an explanation's page."""
    with store.read() as connection:
        row = explanation_row(connection, number)
        beside = of_same_image(connection, row, MOST_EXPLANATIONS) if row else []
    if row is None:
        raise InputError(
            f"there is no explanation {number} in the {store.name}",
            "the number of an explanation",
            "`runner explanations` lists the explanations",
        )
    classes = {each: _classes(store, each) for each in {of.experiment for of in (row, *beside)}}
    record = explanation(row, classes[row.experiment])
    segments = get_array(store, record.segments)
    return ExplanationPage(
        **fields_of(record),
        superpixel_of=segments.tolist(),
        others=[
            Other(each.id, each.trial_id, each.method, classes[each.experiment][each.label])
            for each in beside
        ],
    )


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
    return as_png(get_array(store, row.picture))


def _classes(store: Store, experiment: int) -> list[str]:
    return Configuration(queries.experiment(store, experiment).configuration).dataset.classes
