"""Query experiments that train as Optuna has them, and the log of studies that it made itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from runner.specs import Configuration, Provenance
from runner.states import Kind
from runner.store.schema import Attempt, Experiment, Job, OptunaLog, Trial

TRAINS = (Kind.TRAIN, Kind.TUNE)


@dataclass(frozen=True, slots=True)
class StudyRow:
    """An experiment that trains; `reported` are the metrics that ranked its trials so far."""

    experiment: int
    name: str | None
    seed: int
    configuration: Configuration
    provenance: Provenance
    reported: Sequence[str]


def studies(connection: Connection, experiment: int | None = None) -> list[StudyRow]:
    """Return all experiments that train, or the one with this number, by number."""
    chosen: list[ColumnElement[bool]] = [Experiment.kind.in_(TRAINS)]
    if experiment is not None:
        chosen.append(Experiment.id == experiment)
    metrics: dict[int, list[str]] = {}
    named = (
        select(Job.experiment_id, Trial.objective)
        .join(Trial, Trial.job_id == Job.id)
        .join(Experiment, Experiment.id == Job.experiment_id)
        .where(*chosen)
        .distinct()
    )
    for number, metric in connection.execute(named):
        metrics.setdefault(number, []).append(metric)
    query = select(Experiment.__table__).where(*chosen).order_by(Experiment.id)
    return [
        StudyRow(
            experiment=row.id,
            name=row.name,
            seed=row.seed,
            configuration=Configuration(row.configuration),
            provenance=Provenance(row.provenance),
            reported=metrics.get(row.id, []),
        )
        for row in connection.execute(query)
    ]


def first_starts(connection: Connection, experiment: int) -> dict[int, datetime]:
    """Return when the first attempt at each job of an experiment started, if there was one."""
    query = (
        select(Attempt.job_id, func.min(Attempt.started_at).label("started"))
        .join(Job, Job.id == Attempt.job_id)
        .where(Job.experiment_id == experiment)
        .group_by(Attempt.job_id)
    )
    return {row.job_id: row.started for row in connection.execute(query)}


def experiment_of(connection: Connection, job: int) -> int | None:
    """Return the experiment of a job; None if there is no such job."""
    return connection.scalar(select(Job.experiment_id).where(Job.id == job))


def optuna_log(connection: Connection, first: int) -> list[str]:
    """Return the entries of the log from a number on, in order."""
    query = select(OptunaLog.entry).where(OptunaLog.number >= first)
    return list(connection.scalars(query.order_by(OptunaLog.number)))
