"""The training schedules of an experiment's trials, counted by the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, func, literal, select
from sqlalchemy.types import TypeEngine

from cifar_model.params import DEFAULTS
from runner.searches import sampler_of
from runner.store.engine import Connection
from runner.store.schema import Experiment, Job, Submission

# What a schedule is made of, and how each is stored.
NAMES: Mapping[str, TypeEngine[Any]] = {
    "epochs": Integer(),
    "batch_size": Integer(),
    "batch_norm_momentum": Float(),
    "patience": Integer(),
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """The epochs, batch size, momentum and patience shared by a number of trials."""

    epochs: int
    batch_size: int
    batch_norm_momentum: float
    patience: int
    trials: int


def schedules(connection: Connection, experiment: int) -> list[Schedule]:
    """Return the distinct schedules of an experiment's trials, with their counts."""
    common = common_values(connection, experiment)
    read = {
        name: known_or_read(name, None).label(name)
        for name, value in common.items()
        if value is None
    }
    each = select(Job.id, *read.values()).where(Job.experiment_id == experiment).subquery()
    varying = [each.c[name] for name in read]
    # To group 100,000 jobs by what all of them share would sort them.
    counted = select(*varying, func.count().label("trials")).select_from(each).group_by(*varying)
    known = {name: value for name, value in common.items() if value is not None}
    rows = connection.execute(counted.order_by(*varying)).mappings()
    return [Schedule(**{**known, **row}) for row in rows if row["trials"]]


def known_or_read(name: str, value: float | None) -> ColumnElement[Any]:
    """Return a training parameter: its value in all jobs, or None to read it in each job."""
    if value is not None:
        return literal(value, NAMES[name])
    stored = Job.configuration[("params", name)]
    own = stored.as_float() if isinstance(NAMES[name], Float) else stored.as_integer()
    return func.coalesce(own, DEFAULTS[name])


def common_values(connection: Connection, experiment: int) -> dict[str, float | None]:
    """Return the training params that an experiment's jobs have in common; None for the others.

    They are told from its grids, because reading them in 100,000 jobs takes half a second.
    """
    own = select(Experiment.configuration).where(Experiment.id == experiment)
    added = select(Submission.configuration).where(Submission.experiment_id == experiment)
    stored = connection.scalars(own.union_all(added)).all()
    return {name: _common_value(name, stored) for name in NAMES}


def _common_value(name: str, stored: Sequence[Mapping[str, Any]]) -> float | None:
    found = {_only_value(name, configuration) for configuration in stored}
    return found.pop() if len(found) == 1 else None


def _only_value(name: str, configuration: Mapping[str, Any]) -> float | None:
    """Return the one value that the jobs of a submission have; None if there may be several."""
    if name == "epochs" and configuration["epochs"] is not None:
        override: int = configuration["epochs"]
        return override
    if "grid" not in configuration or sampler_of(configuration) is not None:
        return None
    match configuration["grid"].get(name, [DEFAULTS[name]]):
        case [int() | float() as value]:
            return value
        case _:
            return None
