"""The progress of an experiment, for progress bars."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, case, exists, false, func, select

from cifar_model.objective import PREFERRED, in_words, is_smaller_better
from cifar_model.params import Training
from runner.states import FINAL, UNSUCCESSFUL, JobState, Kind
from runner.store import queries, schema
from runner.store.engine import Connection, Store
from runner.store.queries.leaderboard import Scope, default_metric, metric_column
from runner.store.queries.schedules import common_values, known_or_read
from runner.store.queries.tuning.folds import BestPoint, best_point

HAS_ENDED = schema.Job.state.in_(FINAL)
HAS_SUCCEEDED = schema.Job.state == JobState.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an experiment, in epochs if it trains, else in jobs.

    `done` counts finished epochs or jobs, `left` those still to do; a failed or cancelled job has
    nothing left to do. `unit_seconds` is the mean duration of an epoch, None if it is not known or
    all jobs have succeeded. `best` is the best value so far of `metric`, the one that ranks the
    trials; with `folds`, the mean of `point`, the best of those that have a score on so many.
    """

    states: dict[str, int]
    unit: str
    done: int
    left: int
    total: int
    unit_seconds: float | None
    metric: str
    best: float | None
    folds: int | None
    point: BestPoint | None
    paused: bool

    @property
    def best_text(self) -> str:
        """Return the best value so far in words; nothing if there is none."""
        if self.best is None:
            return ""
        name = "" if self.metric == PREFERRED[0] else f"{self.metric} "
        value = f"{name}{in_words(self.metric, self.best)}"
        return (
            f"best {value}" if self.folds is None else f"best mean {value} over {self.folds} folds"
        )

    @property
    def ended(self) -> bool:
        """Return whether every job is in a final state."""
        return sum(self.states.values()) == sum(self.states[state] for state in FINAL)

    @property
    def seconds_left(self) -> float | None:
        """Return the estimated remaining time with the number of running jobs; None if unknown."""
        running = self.states[JobState.RUNNING]
        if self.unit_seconds is None or not running or self.paused:
            return None
        return self.left * self.unit_seconds / running


def has_ended(store: Store, experiment_id: int) -> bool:
    """Return whether every job of an experiment is in a final state: a look at an index."""
    goes_on = exists().where(schema.Job.experiment_id == experiment_id, ~HAS_ENDED)
    with store.read() as connection:
        return not connection.scalars(select(goes_on)).one()


def progress_of(store: Store, experiment_id: int) -> Progress:
    """Return the progress of an experiment."""
    found = queries.experiment(store, experiment_id)
    if found.kind in (Kind.TRAIN, Kind.TUNE):
        return _in_epochs(store, found)
    return Progress(
        states=found.states,
        unit="job",
        done=found.states[JobState.SUCCEEDED],
        left=found.jobs - sum(found.states[state] for state in FINAL),
        total=found.jobs,
        unit_seconds=None,
        metric=PREFERRED[0],
        best=None,
        folds=None,
        point=None,
        paused=found.paused_at is not None,
    )


def _in_epochs(store: Store, found: queries.Experiment) -> Progress:
    with store.read() as connection:
        total, succeeded, to_do, pointed, unasked, *trained = _planned(connection, found)
        under_way, given_up, unit_seconds = 0, 0, None
        if found.states[JobState.SUCCEEDED] < found.jobs:
            under_way, given_up, seconds = _recorded(connection, found.id)
            epochs = trained[0] + under_way + given_up
            unit_seconds = (trained[1] + seconds) / epochs if epochs else None
        folds = found.configuration.get("folds")
        if folds is None:
            point, (metric, best) = None, _best(connection, found.id)
        else:
            point = best_point(connection, found.id, found.configuration)
            metric, best = (point.metric, point.mean) if point else (PREFERRED[0], None)
    # A point that is not asked yet has about as many epochs as those before it.
    mean = total / pointed if pointed else found.configuration["epochs"] or Training().epochs
    expected = round(unasked * mean)
    return Progress(
        states=found.states,
        unit="epoch",
        done=succeeded + under_way + given_up,
        left=to_do - under_way + expected,
        total=total + expected,
        unit_seconds=unit_seconds,
        metric=metric,
        best=best,
        folds=folds,
        point=point,
        paused=found.paused_at is not None,
    )


def _planned(
    connection: Connection, found: queries.Experiment
) -> Row[int, int, int, int, int, int, float]:
    """Return the epochs of all jobs, of those that succeeded and of those that have not ended.

    Then how many jobs have a point, how many of the others may still get one, and the epochs and
    seconds of all trials.
    """
    # Of a search, a job has no point until it begins; one that ended without was not needed.
    pointless = schema.Job.point.is_(None) if "search" in found.configuration else false()
    epochs = func.sum(case((pointless, 0), else_=_planned_epochs(connection, found.id)))
    query = (
        select(
            func.coalesce(epochs, 0),
            func.coalesce(epochs.filter(HAS_SUCCEEDED), 0),
            func.coalesce(epochs.filter(~HAS_ENDED), 0),
            func.count().filter(~pointless),
            func.count().filter(pointless, ~HAS_ENDED),
            func.coalesce(func.sum(schema.Trial.epochs), 0),
            func.coalesce(func.sum(schema.Trial.seconds), 0.0),
        )
        .select_from(schema.Job)
        .outerjoin(schema.Trial, schema.Trial.job_id == schema.Job.id)
        .where(schema.Job.experiment_id == found.id)
    )
    return connection.execute(query).one()


def _recorded(connection: Connection, experiment_id: int) -> Row[int, int, float]:
    """Return the stored epochs of jobs under way and of those given up, and the seconds of both.

    Those of trials, which may be a million, are not read: each trial has their sums.
    """
    query = (
        select(
            func.count().filter(~HAS_ENDED),
            func.count().filter(HAS_ENDED),
            func.coalesce(func.sum(schema.Epoch.seconds), 0.0),
        )
        .join_from(schema.Epoch, schema.Job, schema.Job.id == schema.Epoch.job_id)
        .where(schema.Job.experiment_id == experiment_id, schema.Job.state.in_(UNSUCCESSFUL))
    )
    return connection.execute(query).one()


def _best(connection: Connection, experiment_id: int) -> tuple[str, float | None]:
    """Return the metric that ranks the trials, and the best value that a trial has.

    Of val_accuracy, a trial counts with the best of all its epochs.
    """
    metric = default_metric(connection, Scope([experiment_id]))
    of = f"best_{metric}" if metric == PREFERRED[0] else metric
    best = (func.min if is_smaller_better(of) else func.max)(metric_column(of))
    query = select(best).select_from(schema.Trial)
    query = query.join(schema.Job, schema.Job.id == schema.Trial.job_id)
    return metric, connection.scalar(query.where(schema.Job.experiment_id == experiment_id))


def _planned_epochs(connection: Connection, experiment_id: int) -> ColumnElement[int]:
    """Return the epochs of a job: those of its trial, which may have ended before all were trained.

    Without a trial they are those that it was given.
    """
    common = common_values(connection, experiment_id)
    return func.coalesce(schema.Trial.epochs, known_or_read("epochs", common["epochs"]))
