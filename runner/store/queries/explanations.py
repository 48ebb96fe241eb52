"""Queries of the stored explanations of all experiments, and their summaries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Float, Integer, and_, case, func, or_, select

from cifar_model import results
from cifar_model.data import Description
from runner.specs import Configuration, ExplainSpec
from runner.store.engine import Connection, Store
from runner.store.queries.names import shown_in_lists
from runner.store.queries.rows import ExplanationRow, columns_of
from runner.store.schema import Experiment, Explanation, Job, Randomisation
from runner.store.schema.life import of_last_epoch

# The columns that can be filtered by class: explained, true and predicted class.
LABELS = {
    "class": Explanation.label,
    "true_class": Explanation.true_label,
    "predicted_class": Explanation.predicted_label,
}

# A number, because not every database can sum conditions.
LOWERED = case((Explanation.removed < Explanation.removed_random, 1), else_=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter of explanations of trials as they ended; None and an empty mapping do not filter.

    Those of archived experiments count if an experiment or a trial is chosen, or if asked for.

    `classes` has class names by the column that they filter, one of LABELS.
    """

    experiment: int | None
    trial: int | None
    verdict: str | None
    method: str | None
    classes: Mapping[str, str]
    archived: bool = False


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Counts and sums of the explanations with the same labels and verdict.

    `fits` counts those with an R2, `checked` those with regions removed, `lowered` those where this
    lowered the probability more than random regions did, and `drawn` those with curves.
    """

    experiment: int
    true_label: int
    predicted_label: int
    label: int
    verdict: str
    explanations: int
    r2: float | None
    fits: int
    stability: float
    superpixels: float
    checked: int
    lowered: int
    drawn: int
    deletion_area: float | None
    insertion_area: float | None


class MaskRow(NamedTuple):
    """The coarse mask of an explanation. It is a tuple, because there can be very many."""

    experiment: int
    true_label: int
    predicted_label: int
    label: int
    mask: bytes


def randomisation_of(store: Store, spec: ExplainSpec) -> results.Randomisation | None:
    """Return how the explanations of a trial change if its weights are drawn anew, if stored."""
    settings = spec.settings
    query = select(*columns_of(Randomisation, results.Randomisation)).where(
        Randomisation.trial_id == spec.trial,
        Randomisation.method == settings.method,
        Randomisation.segmentation == settings.segmentation,
        Randomisation.samples == settings.samples,
        Randomisation.dataset == spec.dataset.fingerprint,
    )
    with store.read() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else results.Randomisation(**row)


def datasets(connection: Connection, wanted: Wanted) -> dict[int, Description]:
    """Return the data sets of the experiments with matching explanations; ignores classes."""
    query = (
        select(Experiment.id, Experiment.configuration)
        .where(
            Experiment.id.in_(
                select(Job.experiment_id)
                .join(Explanation, Explanation.job_id == Job.id)
                .where(*_plain(wanted))
            )
        )
        .order_by(Experiment.id)
    )
    found = connection.execute(query).all()
    return {row.id: Configuration(row.configuration).dataset for row in found}


def groups(
    connection: Connection, wanted: Wanted, classes: Mapping[int, list[str]]
) -> list[GroupRow]:
    """Return counts and sums by experiment, true, predicted and explained label, and verdict."""
    key = (
        Job.experiment_id.label("experiment"),
        Explanation.true_label,
        Explanation.predicted_label,
        Explanation.label,
        Explanation.verdict,
    )
    query = (
        select(
            *key,
            func.count().label("explanations"),
            func.sum(Explanation.r2).label("r2"),
            func.count(Explanation.r2).label("fits"),
            func.sum(Explanation.stability).label("stability"),
            func.sum(Explanation.superpixels).cast(Float).label("superpixels"),
            func.count(Explanation.removed).label("checked"),
            func.sum(LOWERED).cast(Integer).label("lowered"),
            func.count(Explanation.deletion_area).label("drawn"),
            func.sum(Explanation.deletion_area).label("deletion_area"),
            func.sum(Explanation.insertion_area).label("insertion_area"),
        )
        .join(Job, Job.id == Explanation.job_id)
        .where(*_plain(wanted), *_named(wanted, classes))
        .group_by(*key)
    )
    return [GroupRow(**row) for row in connection.execute(query).mappings()]


def masks(
    connection: Connection, wanted: Wanted, classes: Mapping[int, list[str]]
) -> list[MaskRow]:
    """Return the coarse masks of matching explanations with their labels, except void ones."""
    query = (
        select(
            Job.experiment_id.label("experiment"),
            Explanation.true_label,
            Explanation.predicted_label,
            Explanation.label,
            Explanation.coarse_mask,
        )
        .join(Job, Job.id == Explanation.job_id)
        .where(*_plain(wanted), *_named(wanted, classes), Explanation.coarse_mask.is_not(None))
    )
    return list(map(MaskRow._make, connection.execute(query)))


def newest(
    connection: Connection, wanted: Wanted, classes: Mapping[int, list[str]], count: int
) -> list[ExplanationRow]:
    """Return the newest matching explanations with their experiments."""
    query = (
        select(*columns_of(Explanation, ExplanationRow), Job.experiment_id.label("experiment"))
        .join(Job, Job.id == Explanation.job_id)
        .where(*_plain(wanted), *_named(wanted, classes))
        .order_by(Explanation.id.desc())
        .limit(count)
    )
    return [ExplanationRow(**row) for row in connection.execute(query).mappings()]


def of_same_image(connection: Connection, row: ExplanationRow, count: int) -> list[ExplanationRow]:
    """Return the newest other explanations of an image: of any class, method and trial.

    Without the stored image, those of its trial.
    """
    same = and_(Explanation.trial_id == row.trial_id, Explanation.image == row.image)
    if row.picture is not None:
        same = Explanation.picture == row.picture
    query = (
        select(*columns_of(Explanation, ExplanationRow), Job.experiment_id.label("experiment"))
        .join(Job, Job.id == Explanation.job_id)
        .where(same, Explanation.id != row.id, of_last_epoch())
        .order_by(Explanation.id.desc())
        .limit(count)
    )
    return [ExplanationRow(**found) for found in connection.execute(query).mappings()]


def explained_images(
    connection: Connection, trial: int, images: Sequence[int]
) -> dict[int, list[int]]:
    """Return the explanations of these images of a trial, by image, the newest first."""
    query = (
        select(Explanation.image, Explanation.id)
        .where(Explanation.trial_id == trial, Explanation.image.in_(images), of_last_epoch())
        .order_by(Explanation.id.desc())
    )
    found: dict[int, list[int]] = {}
    for image, number in connection.execute(query):
        found.setdefault(image, []).append(number)
    return found


def _plain(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked = (
        (Job.experiment_id, wanted.experiment),
        (Explanation.trial_id, wanted.trial),
        (Explanation.verdict, wanted.verdict),
        (Explanation.method, wanted.method),
    )
    chosen = [of_last_epoch(), *(column == of for column, of in asked if of is not None)]
    named = wanted.experiment is not None or wanted.trial is not None
    return chosen if named or wanted.archived else [*chosen, shown_in_lists()]


def _named(wanted: Wanted, classes: Mapping[int, list[str]]) -> list[ColumnElement[bool]]:
    """Return a condition for each class name. Its label can differ between data sets."""
    return [_is_class(LABELS[of], name, classes) for of, name in wanted.classes.items()]


def _is_class(
    column: ColumnElement[int], name: str, classes: Mapping[int, list[str]]
) -> ColumnElement[bool]:
    experiments: dict[int, list[int]] = {}
    for experiment, names in classes.items():
        if name in names:
            experiments.setdefault(names.index(name), []).append(experiment)
    return or_(
        *(
            and_(column == label, Job.experiment_id.in_(found))
            for label, found in experiments.items()
        )
    )
