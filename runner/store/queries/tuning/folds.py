"""The points of `tune --folds`, which are ranked by the mean over their folds."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sqlalchemy import func, select

from cifar_model.objective import is_smaller_better
from cifar_model.params import ParamValues
from runner.searches import Objective, constraints_of, objectives_of
from runner.specs import trained_params
from runner.store.engine import Connection
from runner.store.queries.leaderboard import (
    FOLD,
    OPERATORS,
    Scope,
    default_metric,
    metric_column,
)
from runner.store.schema import Job, Trial


@dataclass(frozen=True, slots=True)
class BestPoint:
    """The point with the best mean, and its score on each of its folds.

    It is the best of `complete` points, those that have a score on all of their folds.
    """

    metric: str
    params: ParamValues
    scores: list[float]
    complete: int

    @property
    def mean(self) -> float:
        """Return the mean over the folds."""
        return fmean(self.scores)


def aim_of_folds(
    connection: Connection, experiment_id: int, configuration: Mapping[str, Any]
) -> Objective:
    """Return the metric whose mean ranks the points of an experiment."""
    aims = objectives_of(configuration)
    if aims:
        return aims[0]
    metric = default_metric(connection, Scope([experiment_id], folds=True))
    return Objective(metric, is_smaller_better(metric))


def best_point(
    connection: Connection, experiment_id: int, configuration: Mapping[str, Any]
) -> BestPoint | None:
    """Return the best point of an experiment with folds; None while no point has all of them.

    As in reports, a fold that does not keep a constraint counts as missing.
    """
    aim = aim_of_folds(connection, experiment_id, configuration)
    metric = metric_column(aim.metric)
    kept = [
        OPERATORS[bound.operator](metric_column(bound.metric), bound.bound)
        for bound in constraints_of(configuration)
    ]
    scored = (
        # The folds of a point have consecutive numbers.
        select(Trial.id, (Job.number - FOLD).label("point"), metric.label("score"))
        .join_from(Trial, Job, Job.id == Trial.job_id)
        .where(Job.experiment_id == experiment_id, metric.is_not(None), *kept)
        .subquery()
    )
    mean = func.avg(scored.c.score)
    points = (
        select(scored.c.point, func.count().over().label("complete"))
        .group_by(scored.c.point)
        .having(func.count() == configuration["folds"])
        .order_by(mean if aim.minimize else mean.desc(), scored.c.point)
    )
    best = connection.execute(points.limit(1)).one_or_none()
    if best is None:
        return None
    own = (
        select(Trial.params, Trial.epochs, scored.c.score)
        .join(scored, scored.c.id == Trial.id)
        .where(scored.c.point == best.point)
        .order_by(Trial.id)
    )
    folds = connection.execute(own).all()
    params = trained_params(folds[0].params, folds[0].epochs)
    return BestPoint(aim.metric, params, [row.score for row in folds], best.complete)
