"""Stop the folds of a point that is behind: `submit tune --folds K --stop wilcoxon`.

No process coordinates it: the transaction that ends a fold asks Optuna's Wilcoxon pruner, with the
values of the point's folds and those of the best point that has all of them, and ends the pending
folds of a point that is behind. Running folds are trained to their end. The same order of reports
has the same result, except that PostgreSQL keeps a pending job which another process has locked at
that moment.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, case, exists, select

from cifar_model.objective import REPORTED, STOPPED, is_smaller_better, objective, reported_in
from cifar_model.spaces.folding import is_behind
from runner.searches import objectives_of
from runner.states import JobState
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.tuning.pending import LockedExperiment, cancel_pending
from runner.store.schema import Event, Job, Trial

WILCOXON = "wilcoxon"

FOLDS_STOPPED = "stopped by --stop wilcoxon"
STOPPED_EVENT = "fold_stopped"

# The fold that a job leaves out.
FOLD = Job.configuration[("dataset", "fold")].as_integer()
# How the training of a job ended; a fold that was stopped has no trial.
ENDED_BY = case((Job.reason == FOLDS_STOPPED, STOPPED), else_=Trial.ended_by).label("ended_by")


def stop_folds(connection: Connection, experiment: LockedExperiment, job_id: int) -> None:
    """End the pending folds of the point of a job that has just succeeded, if it is behind."""
    number, fold = connection.execute(select(Job.number, FOLD).where(Job.id == job_id)).one()
    # The folds of a point have consecutive numbers.
    own, every = number - fold, experiment.configuration["folds"]
    pending = _pending(connection, experiment.id, own, every)
    if not pending:
        return
    points = _points(connection, experiment.id)
    aims = objectives_of(experiment.configuration)
    metric = aims[0].metric if aims else objective(points[own][fold])
    smaller = aims[0].minimize if aims else is_smaller_better(metric)
    values = {
        point: {fold: metrics[metric] for fold, metrics in folds.items() if metric in metrics}
        for point, folds in points.items()
    }
    complete = [folds for folds in values.values() if len(folds) == every]
    if values[own] and is_behind(values[own], complete, smaller_is_better=smaller):
        cancel_pending(connection, pending, FOLDS_STOPPED)
        words = f"after {len(values[own])} of {every} folds"
        record_event(connection, pending, STOPPED_EVENT, detail=words)


def _pending(connection: Connection, experiment_id: int, own: int, folds: int) -> list[int]:
    """Return the pending jobs of a point, but for those that a person has retried."""
    query = (
        select(Job.id)
        .where(
            Job.experiment_id == experiment_id,
            Job.number.between(own + 1, own + folds),
            Job.state == JobState.PENDING,
            ~exists().where(Event.job_id == Job.id, Event.name == STOPPED_EVENT),
        )
        .order_by(Job.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return list(connection.scalars(query))


def _points(
    connection: Connection, experiment_id: int
) -> Mapping[int, Mapping[int, Mapping[str, float]]]:
    """Return the metrics of the folds of each point; the point whose last fold is oldest first."""
    columns = [getattr(Trial, name) for name in REPORTED]
    query = (
        select(Job.number, FOLD.label("fold"), *columns)
        .join(Trial, Trial.job_id == Job.id)
        .where(Job.experiment_id == experiment_id)
        .order_by(Trial.id)
    )
    points: dict[int, dict[int, Mapping[str, float]]] = {}
    for row in connection.execute(query).mappings():
        point = row["number"] - row["fold"]
        folds = points.pop(point, {})
        points[point] = {**folds, row["fold"]: reported_in({**row})}
    return points
