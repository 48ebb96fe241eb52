"""Queries of whole columns, for data frames: few statements, and no record for each row."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, select

from runner.states import FINAL, JobState
from runner.store.engine import Connection
from runner.store.lifecycle.tuning.folding import ENDED_BY, FOLD
from runner.store.queries.leaderboard import TRAINS, Scope, matching
from runner.store.queries.rows import (
    ConfusionCellRow,
    EvaluationRow,
    ExplanationRow,
    columns_in_parts,
    columns_of,
)
from runner.store.schema import (
    ConfusionCell,
    Epoch,
    Evaluation,
    Experiment,
    Explanation,
    Job,
    Probabilities,
    Trial,
)
from runner.store.schema.life import of_last_epoch
from runner.store.schema.trained import EPOCHS, NETWORK, PARAMS, SEED

# The values of each column, by its name.
Columns = Mapping[str, Sequence[Any]]


def experiment_columns(connection: Connection, numbers: Sequence[int]) -> Columns:
    """Return experiments with the number of their jobs in each state, all without numbers."""
    open_jobs = func.count().filter(not_(Job.state.in_(FINAL)))
    counts = (
        select(
            Job.experiment_id,
            *(func.count().filter(Job.state == s).label(f"states.{s}") for s in JobState),
            case((open_jobs == 0, func.max(Job.ended_at))).label("ended_at"),
        )
        .group_by(Job.experiment_id)
        .subquery()
    )
    query = select(
        Experiment.id.label("experiment"),
        Experiment.kind,
        Experiment.seed,
        Experiment.configuration,
        Experiment.provenance,
        Experiment.created_at,
        Experiment.paused_at,
        Experiment.name,
        Experiment.note,
        Experiment.archived_at,
        *(column for column in counts.c if column.name != "experiment_id"),
    ).join(counts, counts.c.experiment_id == Experiment.id)
    if numbers:
        query = query.where(Experiment.id.in_(numbers))
    return columns_in_parts(connection, query.order_by(Experiment.id))


def configurations(connection: Connection, numbers: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return the configurations of experiments, all without numbers."""
    query = select(Experiment.id, Experiment.configuration)
    if numbers:
        query = query.where(Experiment.id.in_(numbers))
    return {row.id: row.configuration for row in connection.execute(query)}


def trial_columns(connection: Connection, scope: Scope) -> Columns:
    """Return the jobs that train, with their trials where they have one.

    `stored_params` are those of the trial, else those that the job is to train; `stored_epochs` is
    what overrides their epochs.
    """
    query = (
        select(
            Trial.id.label("trial"),
            Job.id.label("job"),
            Job.experiment_id.label("experiment"),
            Job.number,
            Job.state,
            PARAMS.label("stored_params"),
            EPOCHS.label("stored_epochs"),
            NETWORK.label("stored_network"),
            Trial.predictor,
            SEED.label("seed"),
            FOLD.label("fold"),
            ENDED_BY,
            Trial.reused,
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
            Job.attempts,
            Job.reason,
            Job.not_reproducible,
            Trial.fingerprint,
            Trial.model,
        )
        .select_from(Job)
        .join(Experiment, and_(Experiment.id == Job.experiment_id, Experiment.kind.in_(TRAINS)))
        .outerjoin(Trial, Trial.job_id == Job.id)
        .where(*_in(scope))
        .order_by(Job.experiment_id, Job.number)
    )
    return columns_in_parts(connection, query)


EPOCH: Mapping[str, Any] = {
    "experiment": Job.experiment_id,
    "job": Epoch.job_id,
    "number": Job.number,
    "trial": Trial.id,
    "epoch": Epoch.epoch,
    "loss": Epoch.loss,
    "accuracy": Epoch.accuracy,
    "val_loss": Epoch.val_loss,
    "val_accuracy": Epoch.val_accuracy,
    "metrics": Epoch.metrics,
    "seconds": Epoch.seconds,
    "loss_rule": Epoch.loss_rule,
    "fingerprint": Epoch.fingerprint,
}


def epoch_columns(connection: Connection, scope: Scope, names: Sequence[str] = ()) -> Columns:
    """Return the epochs of the jobs that train, in the order of `trial_columns`.

    Without names, all columns.
    """
    query = (
        select(*(EPOCH[name].label(name) for name in names or EPOCH))
        .select_from(Epoch)
        .join(Job, Job.id == Epoch.job_id)
        .join(Experiment, and_(Experiment.id == Job.experiment_id, Experiment.kind.in_(TRAINS)))
        .outerjoin(Trial, Trial.job_id == Job.id)
        .where(*_in(scope))
        .order_by(Job.experiment_id, Job.number, Epoch.epoch)
    )
    return columns_in_parts(connection, query)


def evaluations(
    connection: Connection, scope: Scope
) -> list[tuple[int, EvaluationRow, list[ConfusionCellRow]]]:
    """Return evaluations, each with its experiment and the cells of its confusion matrix."""
    chosen = _of_trials(select(Evaluation.id), Evaluation.job_id, Evaluation.trial_id, scope)
    cells: dict[int, list[ConfusionCellRow]] = {}
    query = select(ConfusionCell.evaluation_id, *columns_of(ConfusionCell, ConfusionCellRow))
    for number, *cell in connection.execute(query.where(ConfusionCell.evaluation_id.in_(chosen))):
        cells.setdefault(number, []).append(ConfusionCellRow(*cell))
    rows = (
        select(Job.experiment_id, *columns_of(Evaluation, EvaluationRow))
        .join(Job, Job.id == Evaluation.job_id)
        .where(Evaluation.id.in_(chosen))
        .order_by(Evaluation.id)
    )
    found = []
    for row in connection.execute(rows).mappings():
        fields_ = {name: value for name, value in row.items() if name != "experiment_id"}
        record = EvaluationRow(**fields_)
        found.append((row["experiment_id"], record, cells.get(record.id, [])))
    return found


def prediction_columns(connection: Connection, scope: Scope) -> Columns:
    """Return the names of the arrays of evaluations; folds have no numbers of images."""
    query = select(
        Job.experiment_id.label("experiment"),
        Evaluation.id.label("evaluation"),
        Evaluation.trial_id.label("trial"),
        Evaluation.split,
        Evaluation.classes,
        Evaluation.labels,
        Evaluation.predictions,
        Probabilities.artifact.label("probabilities"),
    ).outerjoin(Probabilities, Probabilities.evaluation_id == Evaluation.id)
    query = _of_trials(query, Evaluation.job_id, Evaluation.trial_id, scope)
    return columns_in_parts(
        connection, query.where(Evaluation.fold.is_(None)).order_by(Evaluation.id)
    )


def explanations(connection: Connection, scope: Scope) -> list[ExplanationRow]:
    """Return explanations of trials as they ended, in the order in which they were stored."""
    columns = columns_of(Explanation, ExplanationRow)
    query = select(*columns, Job.experiment_id.label("experiment")).where(of_last_epoch())
    query = _of_trials(query, Explanation.job_id, Explanation.trial_id, scope)
    rows = connection.execute(query.order_by(Explanation.id)).mappings()
    return [ExplanationRow(**row) for row in rows]


def _in(scope: Scope) -> Iterator[ColumnElement[bool]]:
    if scope.experiments:
        yield Job.experiment_id.in_(scope.experiments)
    if scope.conditions:
        yield Trial.id.in_(matching(scope.conditions))


def _of_trials(query: Select[Any], job: Any, trial: Any, scope: Scope) -> Select[Any]:
    """Return a query limited to results of some experiments, about trials of some kind."""
    query = query.join(Job, Job.id == job)
    if scope.experiments:
        query = query.where(Job.experiment_id.in_(scope.experiments))
    if scope.conditions:
        query = query.where(trial.in_(matching(scope.conditions)))
    return query
