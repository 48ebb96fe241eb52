"""Queries of what is running: the open attempts, their epochs, and the best trial so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from cifar_model.objective import PREFERRED, objective, reported_in, score
from cifar_model.params import ParamValues, Training
from runner.specs import job_configuration
from runner.states import FINAL, AttemptState
from runner.store import schema
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope, best, default_metric
from runner.store.queries.rows import EpochRow, columns_of

# A sparkline has fewer places.
MOST_EPOCHS_READ = 100


@dataclass(frozen=True, slots=True)
class Attempt:
    """An open attempt at a job: which worker works on it."""

    experiment: int
    job: int
    worker: str


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A running job.

    `scores` are those of its newest epochs by `metric`, the one that will rank it; `epoch` is the
    last of them. `params` are empty and `epochs` is None if it does not train.
    """

    job: int
    params: ParamValues
    epoch: int
    epochs: int | None
    metric: str
    scores: list[float]


@dataclass(frozen=True, slots=True)
class BestTrial:
    """The trial that is the best after its last epoch, by the metric that ranks it."""

    trial: int
    metric: str
    score: float
    params: ParamValues


def open_attempts(store: Store) -> list[Attempt]:
    """Return the open attempts of all experiments."""
    statement = (
        select(
            schema.Job.experiment_id.label("experiment"),
            schema.Attempt.job_id.label("job"),
            schema.Attempt.worker,
        )
        .join(schema.Job, schema.Job.id == schema.Attempt.job_id)
        .where(schema.Attempt.state == AttemptState.RUNNING)
        .order_by(schema.Attempt.job_id)
    )
    with store.read() as connection:
        return [Attempt(**row) for row in connection.execute(statement).mappings()]


def running_jobs(store: Store, attempts: Sequence[Attempt]) -> list[RunningJob]:
    """Return the jobs of these attempts, in the order of their numbers."""
    jobs = [attempt.job for attempt in attempts]
    statement = (
        select(
            schema.Job.id,
            schema.Job.configuration,
            schema.Experiment.configuration.label("common"),
        )
        .join(schema.Experiment, schema.Experiment.id == schema.Job.experiment_id)
        .where(schema.Job.id.in_(jobs))
        .order_by(schema.Job.number)
    )
    found = []
    with store.read() as connection:
        epochs = _newest_epochs(connection, jobs)
        for row in connection.execute(statement):
            params = _params(row.common, row.configuration)
            epoch, metric, scores = epochs.get(row.id, (0, PREFERRED[0], []))
            found.append(
                RunningJob(
                    job=row.id,
                    params=params,
                    epoch=epoch,
                    epochs=int(params.get("epochs", Training().epochs)) if params else None,
                    metric=metric,
                    scores=scores,
                )
            )
    return found


def best_trial(store: Store, experiment_id: int) -> BestTrial | None:
    """Return the best trial of an experiment, if it has one."""
    scope = Scope([experiment_id])
    with store.read() as connection:
        metric = default_metric(connection, scope)
        found = best(connection, scope, metric, top=1)
    for row in found:
        if (value := score(row, metric)) is not None:
            return BestTrial(row.trial, metric, value, row.params)
    return None


def differing_params(store: Store, experiment_id: int) -> list[str]:
    """Return the names of the params that are not the same in all jobs of an experiment."""
    statement = (
        select(schema.Job.configuration, schema.Experiment.configuration.label("common"))
        .join(schema.Experiment, schema.Experiment.id == schema.Job.experiment_id)
        .where(schema.Job.experiment_id == experiment_id)
    )
    with store.read() as connection:
        every = [_params(row.common, row.configuration) for row in connection.execute(statement)]
    names = dict.fromkeys(name for params in every for name in params)
    return [name for name in names if len({repr(params.get(name)) for params in every}) > 1]


def newest_unfinished(store: Store) -> int | None:
    """Return the newest experiment with a job that has not ended."""
    with store.read() as connection:
        return connection.scalar(
            select(func.max(schema.Job.experiment_id)).where(~schema.Job.state.in_(FINAL))
        )


def _params(common: dict[str, Any], own: dict[str, Any]) -> ParamValues:
    params: ParamValues = job_configuration(common, own).get("params") or {}
    return params


def _newest_epochs(
    connection: Connection, jobs: Sequence[int]
) -> dict[int, tuple[int, str, list[float]]]:
    """Return the last epoch of each job, the metric that ranks it, and its newest values."""
    newest = (
        select(schema.Epoch.job_id, func.max(schema.Epoch.epoch).label("last"))
        .where(schema.Epoch.job_id.in_(jobs))
        .group_by(schema.Epoch.job_id)
        .subquery()
    )
    statement = (
        select(*columns_of(schema.Epoch, EpochRow))
        .join(newest, newest.c.job_id == schema.Epoch.job_id)
        .where(schema.Epoch.epoch > newest.c.last - MOST_EPOCHS_READ)
        .order_by(schema.Epoch.job_id, schema.Epoch.epoch)
    )
    rows: dict[int, list[dict[str, float]]] = {}
    last: dict[int, int] = {}
    for row in connection.execute(statement).mappings():
        rows.setdefault(row["job_id"], []).append(reported_in(dict(row)))
        last[row["job_id"]] = row["epoch"]
    found = {}
    for job, metrics in rows.items():
        metric = objective(metrics[-1])
        found[job] = (last[job], metric, [each[metric] for each in metrics if metric in each])
    return found
