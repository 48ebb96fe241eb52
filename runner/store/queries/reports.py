"""What reports read: experiments, trials and results as plain rows, many in one query."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, func, select

from runner.states import AttemptState
from runner.store.engine import Connection
from runner.store.schema import (
    Activation,
    Attempt,
    ConfusionCell,
    Epoch,
    Evaluation,
    Experiment,
    Explanation,
    Job,
    Trial,
    Worker,
)
from runner.store.trained import trained_params

Row = Mapping[Any, Any]

NUMBERS = {"experiment": Experiment.id, "job": Job.id, "trial": Trial.id}
NEWEST = 10


def newest_with_results(connection: Connection) -> int | None:
    """Return the newest experiment that has a trial, an evaluation or an explanation."""
    newest = [
        connection.scalar(select(func.max(Job.experiment_id)).join(table, table.job_id == Job.id))
        for table in (Trial, Evaluation, Explanation)
    ]
    return max((number for number in newest if number is not None), default=None)


def newest(connection: Connection, what: str) -> list[int]:
    """Return the numbers of the newest experiments, jobs or trials, newest first."""
    number = NUMBERS[what]
    return list(connection.scalars(select(number).order_by(number.desc()).limit(NEWEST)))


def experiment(connection: Connection, number: int) -> Row | None:
    """Return one experiment, or None if there is none of that number."""
    query = select(Experiment.__table__).where(Experiment.id == number)
    return connection.execute(query).mappings().first()


def count_jobs(connection: Connection, experiment: int) -> int:
    """Return how many jobs an experiment has."""
    query = select(func.count()).where(Job.experiment_id == experiment)
    return connection.scalar(query) or 0


def jobs(
    connection: Connection,
    *,
    experiment: int | None = None,
    job: int | None = None,
    trial: int | None = None,
) -> Sequence[Row]:
    """Return the chosen jobs by their number, each with its params and its trial if it made one."""
    query = (
        select(
            Job.id.label("job"),
            Job.experiment_id.label("experiment"),
            Job.number,
            Job.configuration,
            Job.state,
            Job.attempts,
            Job.reason,
            Job.not_reproducible,
            Job.ended_at,
            Trial.id.label("trial"),
            func.coalesce(
                Trial.seed,
                Job.configuration["seed"].as_string().cast(BigInteger),
                Experiment.seed,
            ).label("seed"),
            Trial.params,
            Trial.epochs.label("trained_epochs"),
            Trial.dataset,
            Trial.best_epoch,
            Trial.loss,
            Trial.accuracy,
            Trial.val_loss,
            Trial.val_accuracy,
            Trial.best_val_accuracy,
            Trial.seconds,
            Trial.loss_rule,
            Trial.fingerprint,
            Trial.model,
        )
        .join(Experiment, Experiment.id == Job.experiment_id)
        .outerjoin(Trial, Trial.job_id == Job.id)
        .where(*_chosen(experiment, job, trial))
        .order_by(Job.number)
    )
    found = _rows(connection, query)
    asked = _asked_epochs(connection, {row["experiment"] for row in found})
    return [{**row, "params": _params(row, asked)} for row in found]


def _asked_epochs(connection: Connection, experiments: set[int]) -> dict[int, int | None]:
    """Return the epochs that experiments give all their trials, read once for all their jobs."""
    epochs = Experiment.configuration["epochs"].as_integer().label("epochs")
    query = select(Experiment.id, epochs).where(Experiment.id.in_(experiments))
    return {row.id: row.epochs for row in connection.execute(query)}


def _params(row: Row, asked: Mapping[int, int | None]) -> dict[str, Any]:
    """Return what was or will be trained; nothing of a job that trains no trial."""
    if row["trial"] is not None:
        return trained_params(row["params"], row["trained_epochs"])
    params = row["configuration"].get("params")
    return {} if params is None else trained_params(params, asked[row["experiment"]])


def epochs(
    connection: Connection, *, experiment: int | None = None, job: int | None = None
) -> Sequence[Row]:
    """Return every epoch of the chosen jobs, in order."""
    query = (
        select(Epoch.__table__)
        .join(Job, Job.id == Epoch.job_id)
        .where(*_chosen(experiment, job, None))
        .order_by(Epoch.job_id, Epoch.epoch)
    )
    return _rows(connection, query)


def evaluations(
    connection: Connection, *, experiment: int | None = None, trial: int | None = None
) -> Sequence[Row]:
    """Return the evaluations that an experiment made, or all of a trial's own model."""
    own = [Evaluation.fold.is_(None)] if trial is not None else []
    query = (
        select(Evaluation.__table__)
        .join(Job, Job.id == Evaluation.job_id)
        .join(Trial, Trial.id == Evaluation.trial_id)
        .where(*_chosen(experiment, None, trial), *own)
        .order_by(Evaluation.fold, Evaluation.id)
    )
    return _rows(connection, query)


def confusion(connection: Connection, evaluation: int) -> Sequence[Row]:
    """Return the cells of one evaluation's confusion that are not empty."""
    query = select(ConfusionCell.__table__).where(ConfusionCell.evaluation_id == evaluation)
    return _rows(connection, query)


def explanations(connection: Connection, experiment: int) -> Sequence[Row]:
    """Return the explanations that an experiment made, in the order in which they were written."""
    query = (
        select(Explanation.__table__)
        .join(Job, Job.id == Explanation.job_id)
        .where(Job.experiment_id == experiment)
        .order_by(Explanation.id)
    )
    return _rows(connection, query)


def activations(connection: Connection, experiment: int) -> Sequence[Row]:
    """Return the layer outputs that an experiment stored, by image and layer."""
    query = (
        select(Activation.__table__)
        .join(Job, Job.id == Activation.job_id)
        .where(Job.experiment_id == experiment)
        .order_by(Activation.job_id, Activation.image, Activation.layer)
    )
    return _rows(connection, query)


def attempts(connection: Connection, job: int) -> Sequence[Row]:
    """Return every attempt at a job, with the host and device of its worker."""
    query = (
        select(Attempt.__table__, Worker.host, Worker.device)
        .join(Worker, Worker.name == Attempt.worker)
        .where(Attempt.job_id == job)
        .order_by(Attempt.number)
    )
    return _rows(connection, query)


def machines(connection: Connection, experiment: int) -> Sequence[Row]:
    """Return the hosts and devices on which an experiment's jobs succeeded, with how many did."""
    query = (
        select(Worker.host, Worker.device, Worker.version, func.count().label("jobs"))
        .join(Attempt, Attempt.worker == Worker.name)
        .join(Job, Job.id == Attempt.job_id)
        .where(Job.experiment_id == experiment, Attempt.state == AttemptState.SUCCEEDED)
        .group_by(Worker.host, Worker.device, Worker.version)
        .order_by(Worker.host, Worker.device, Worker.version)
    )
    return _rows(connection, query)


def _chosen(
    experiment: int | None, job: int | None, trial: int | None
) -> Iterable[ColumnElement[bool]]:
    if experiment is not None:
        yield Job.experiment_id == experiment
    if job is not None:
        yield Job.id == job
    if trial is not None:
        yield Trial.id == trial


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> Sequence[Row]:
    return connection.execute(query).mappings().all()
