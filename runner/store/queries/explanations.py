"""Find stored explanations over all experiments, and what they come to together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from runner.store.engine import Connection
from runner.store.queries.reports import Row
from runner.store.schema import Experiment, Explanation, Job

# What a class may be asked of: the explained one, the true one and the predicted one.
LABELS = {
    "class": Explanation.label,
    "true_class": Explanation.true_label,
    "predicted_class": Explanation.predicted_label,
}

# Written so, because both databases can add numbers but not conditions.
LOWERED = case((Explanation.removed < Explanation.removed_random, 1), else_=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which explanations are meant; None and an empty mapping leave nothing out.

    `classes` holds names by what they are asked of, one of LABELS.
    """

    experiment: int | None
    trial: int | None
    verdict: str | None
    method: str | None
    classes: Mapping[str, str]


def datasets(connection: Connection, wanted: Wanted) -> dict[int, dict[str, Any]]:
    """Return the data set of every experiment with such explanations, whatever their classes."""
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
    return {row.id: dict(row.configuration["dataset"]) for row in found}


def groups(
    connection: Connection, wanted: Wanted, classes: Mapping[int, list[str]]
) -> Sequence[Row]:
    """Return numbers and sums by experiment, true, predicted and explained label, and verdict."""
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
            func.sum(Explanation.superpixels).label("superpixels"),
            func.count(Explanation.removed).label("checked"),
            func.sum(LOWERED).label("lowered"),
            func.count(Explanation.deletion_area).label("drawn"),
            func.sum(Explanation.deletion_area).label("deletion_area"),
            func.sum(Explanation.insertion_area).label("insertion_area"),
        )
        .join(Job, Job.id == Explanation.job_id)
        .where(*_plain(wanted), *_named(wanted, classes))
        .group_by(*key)
    )
    return connection.execute(query).mappings().all()


def masks(
    connection: Connection, wanted: Wanted, classes: Mapping[int, list[str]]
) -> Iterable[Any]:
    """Return the coarse mask of each such explanation with its labels; what is void has none."""
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
    return connection.execute(query).all()


def newest(
    connection: Connection, wanted: Wanted, classes: Mapping[int, list[str]], count: int
) -> Sequence[Row]:
    """Return the newest such explanations with their experiments."""
    query = (
        select(Explanation.__table__, Job.experiment_id.label("experiment"))
        .join(Job, Job.id == Explanation.job_id)
        .where(*_plain(wanted), *_named(wanted, classes))
        .order_by(Explanation.id.desc())
        .limit(count)
    )
    return connection.execute(query).mappings().all()


def _plain(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked: dict[Any, Any] = {
        Job.experiment_id: wanted.experiment,
        Explanation.trial_id: wanted.trial,
        Explanation.verdict: wanted.verdict,
        Explanation.method: wanted.method,
    }
    return [column == value for column, value in asked.items() if value is not None]


def _named(wanted: Wanted, classes: Mapping[int, list[str]]) -> list[ColumnElement[bool]]:
    """Return a condition for each named class, whose label another data set may have otherwise."""
    return [_is_class(LABELS[of], name, classes) for of, name in wanted.classes.items()]


def _is_class(column: Any, name: str, classes: Mapping[int, list[str]]) -> ColumnElement[bool]:
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
