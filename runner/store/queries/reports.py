"""Queries of reports: experiments, trials and results, many rows per query."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, func, select

from cifar_model.objective import STOPPED
from cifar_model.params import ParamValues
from runner.specs import Configuration, Provenance, trained_params
from runner.states import AttemptState
from runner.store.engine import Connection
from runner.store.lifecycle.tuning.folding import ENDED_BY
from runner.store.queries.names import shown_in_lists, tags_of
from runner.store.queries.rows import (
    ActivationRow,
    AttemptRow,
    ConfusionCellRow,
    EpochRow,
    EvaluationRow,
    ExperimentRow,
    ExplanationRow,
    JobRow,
    MachineRow,
    columns_of,
    description_of,
)
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
from runner.store.schema.life import of_epoch, of_last_epoch
from runner.store.schema.trained import NETWORK, SEED

NUMBERS = {"experiment": Experiment.id, "job": Job.id, "trial": Trial.id}
NEWEST = 10


def newest_with_results(connection: Connection, *, trains: bool = False) -> int | None:
    """Return the newest experiment that has a trial, an evaluation or an explanation.

    With `trains` only trials count. Archived experiments do not count.
    """
    number = select(func.max(Job.experiment_id)).where(shown_in_lists())
    newest = [
        connection.scalar(number.join(table, table.job_id == Job.id))
        for table in ((Trial,) if trains else (Trial, Evaluation, Explanation))
    ]
    return max((number for number in newest if number is not None), default=None)


def newest(connection: Connection, what: str) -> list[int]:
    """Return the numbers of the newest experiments, jobs or trials, newest first."""
    number = NUMBERS[what]
    return list(connection.scalars(select(number).order_by(number.desc()).limit(NEWEST)))


def experiment(connection: Connection, number: int) -> ExperimentRow | None:
    """Return an experiment by its number; None if it does not exist."""
    query = select(*columns_of(Experiment, ExperimentRow)).where(Experiment.id == number)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    configuration = Configuration(row["configuration"])
    provenance = Provenance(row["provenance"])
    read = {"configuration": configuration, "provenance": provenance}
    return ExperimentRow(**{**row, **read}, tags=tags_of(connection, [number])[number])


def count_jobs(connection: Connection, experiment: int) -> int:
    """Return the number of jobs of an experiment."""
    query = select(func.count()).where(Job.experiment_id == experiment)
    return connection.scalar(query) or 0


def jobs(
    connection: Connection,
    *,
    experiment: int | None = None,
    job: int | None = None,
    trial: int | None = None,
) -> list[JobRow]:
    """Return the selected jobs by number, with their params and their trials if they have one."""
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
            SEED.label("seed"),
            Trial.params,
            NETWORK.label("network"),
            Trial.predictor,
            Trial.epochs.label("trained_epochs"),
            ENDED_BY,
            Trial.reused,
            Trial.dataset,
            Trial.best_epoch,
            Trial.loss,
            Trial.accuracy,
            Trial.val_loss,
            Trial.val_accuracy,
            Trial.best_val_accuracy,
            Trial.metrics,
            Trial.objective,
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
    found = connection.execute(query).mappings().all()
    asked = _asked_epochs(connection, {row["experiment"] for row in found})
    return [_job(row, asked) for row in found]


def _job(row: RowMapping, asked: Mapping[int, int | None]) -> JobRow:
    values = dict(row)
    configuration = values.pop("configuration")
    values |= {
        "params": _params(row, configuration.get("params"), asked),
        "dataset": description_of(values["dataset"]),
        "fold": (configuration.get("dataset") or {}).get("fold"),
    }
    return JobRow(**values)


def _asked_epochs(connection: Connection, experiments: set[int]) -> dict[int, int | None]:
    """Return the epochs that experiments set for all trials, read once for all jobs."""
    epochs = Experiment.configuration["epochs"].as_integer().label("epochs")
    query = select(Experiment.id, epochs).where(Experiment.id.in_(experiments))
    return {row.id: row.epochs for row in connection.execute(query)}


def _params(
    row: RowMapping, own: ParamValues | None, asked: Mapping[int, int | None]
) -> ParamValues:
    """Return the params that were or will be trained; empty if the job does not train."""
    if row["trial"] is not None:
        stopped = row["ended_by"] == STOPPED
        return trained_params(row["params"], None if stopped else row["trained_epochs"])
    return {} if own is None else trained_params(own, asked[row["experiment"]])


def epochs(
    connection: Connection, *, experiment: int | None = None, job: int | None = None
) -> list[EpochRow]:
    """Return all epochs of the selected jobs, in order."""
    query = (
        select(*columns_of(Epoch, EpochRow))
        .join(Job, Job.id == Epoch.job_id)
        .where(*_chosen(experiment, job, None))
        .order_by(Epoch.job_id, Epoch.epoch)
    )
    return _rows(connection, query, EpochRow)


def evaluations(
    connection: Connection, *, experiment: int | None = None, trial: int | None = None
) -> list[EvaluationRow]:
    """Return the evaluations of an experiment, or all evaluations of a trial except folds."""
    own = [Evaluation.fold.is_(None)] if trial is not None else []
    query = (
        select(*columns_of(Evaluation, EvaluationRow))
        .join(Job, Job.id == Evaluation.job_id)
        .join(Trial, Trial.id == Evaluation.trial_id)
        .where(*_chosen(experiment, None, trial), *own)
        .order_by(Evaluation.fold, Evaluation.id)
    )
    return _rows(connection, query, EvaluationRow)


def confusion(connection: Connection, evaluation: int) -> list[ConfusionCellRow]:
    """Return the nonzero cells of an evaluation's confusion matrix."""
    columns = columns_of(ConfusionCell, ConfusionCellRow)
    query = select(*columns).where(ConfusionCell.evaluation_id == evaluation)
    return _rows(connection, query, ConfusionCellRow)


def explanations(connection: Connection, experiment: int) -> list[ExplanationRow]:
    """Return an experiment's explanations of its trial as it ended, as they were stored."""
    query = _explanations(experiment).where(of_last_epoch())
    return _rows(connection, query, ExplanationRow)


def explaining(connection: Connection, trials: Collection[int]) -> list[int]:
    """Return the experiments with explanations of some of the trials, the newest first."""
    query = (
        select(Job.experiment_id)
        .join(Explanation, Explanation.job_id == Job.id)
        .where(Explanation.trial_id.in_(trials), of_last_epoch())
        .distinct()
        .order_by(Job.experiment_id.desc())
    )
    return list(connection.scalars(query))


def earlier_explanations(
    connection: Connection, experiment: int, epoch: int
) -> list[ExplanationRow]:
    """Return an experiment's explanations of an earlier epoch of its trial."""
    query = _explanations(experiment).where(of_epoch(epoch))
    return _rows(connection, query, ExplanationRow)


def explanation_row(connection: Connection, number: int) -> ExplanationRow | None:
    """Return an explanation by its number; None if it does not exist."""
    columns = columns_of(Explanation, ExplanationRow)
    query = select(*columns, Job.experiment_id.label("experiment"))
    query = query.join(Job, Job.id == Explanation.job_id).where(Explanation.id == number)
    return next(iter(_rows(connection, query, ExplanationRow)), None)


def _explanations(experiment: int) -> Select[Any]:
    """Return the query of an experiment's explanations, in the order in which they were stored."""
    return (
        select(*columns_of(Explanation, ExplanationRow), Job.experiment_id.label("experiment"))
        .join(Job, Job.id == Explanation.job_id)
        .where(Job.experiment_id == experiment)
        .order_by(Explanation.id)
    )


def activations(connection: Connection, experiment: int) -> list[ActivationRow]:
    """Return the stored layer outputs of an experiment, ordered by image and layer."""
    query = (
        select(*columns_of(Activation, ActivationRow))
        .join(Job, Job.id == Activation.job_id)
        .where(Job.experiment_id == experiment)
        .order_by(Activation.job_id, Activation.image, Activation.layer)
    )
    return _rows(connection, query, ActivationRow)


def attempts(connection: Connection, job: int) -> list[AttemptRow]:
    """Return all attempts at a job, with the host and device of the worker."""
    query = (
        select(*columns_of(Attempt, AttemptRow), Worker.host, Worker.device)
        .join(Worker, Worker.name == Attempt.worker)
        .where(Attempt.job_id == job)
        .order_by(Attempt.number)
    )
    return _rows(connection, query, AttemptRow)


def epochs_of_attempts(connection: Connection, job: int) -> dict[int, tuple[int, int]]:
    """Return the first and the last epoch that each attempt at a job recorded."""
    query = (
        select(Epoch.attempt, func.min(Epoch.epoch), func.max(Epoch.epoch))
        .where(Epoch.job_id == job)
        .group_by(Epoch.attempt)
    )
    return {attempt: (first, last) for attempt, first, last in connection.execute(query)}


def stopped_jobs(connection: Connection, experiment: int) -> set[int]:
    """Return the jobs of an experiment whose trials, or folds, were stopped early."""
    query = (
        select(Job.id)
        .outerjoin(Trial, Trial.job_id == Job.id)
        .where(Job.experiment_id == experiment, ENDED_BY == STOPPED)
    )
    return set(connection.scalars(query))


def machines(connection: Connection, experiment: int) -> list[MachineRow]:
    """Return the hosts and devices of an experiment's successful jobs, with the number of jobs."""
    query = (
        select(Worker.host, Worker.device, Worker.version, func.count().label("jobs"))
        .join(Attempt, Attempt.worker == Worker.name)
        .join(Job, Job.id == Attempt.job_id)
        .where(Job.experiment_id == experiment, Attempt.state == AttemptState.SUCCEEDED)
        .group_by(Worker.host, Worker.device, Worker.version)
        .order_by(Worker.host, Worker.device, Worker.version)
    )
    return _rows(connection, query, MachineRow)


def _chosen(
    experiment: int | None, job: int | None, trial: int | None
) -> Iterable[ColumnElement[bool]]:
    if experiment is not None:
        yield Job.experiment_id == experiment
    if job is not None:
        yield Job.id == job
    if trial is not None:
        yield Trial.id == trial


R = TypeVar("R")


def _rows(
    connection: Connection, query: Select[*tuple[Any, ...]], record: Callable[..., R]
) -> list[R]:
    return [record(**row) for row in connection.execute(query).mappings()]
