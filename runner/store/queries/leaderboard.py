"""Queries of leaderboards. The database selects, orders and limits the trials."""

import json
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, cast, distinct, func, or_, select

from cifar_model.data import Description
from cifar_model.networks.network import PAPER
from cifar_model.objective import STOPPED, is_smaller_better, objective
from cifar_model.params import ParamValue
from runner.needs import can_be_evaluated
from runner.specs import code_of, is_trainer, network_name, trained_params
from runner.states import Kind
from runner.store.engine import Connection
from runner.store.names import spellings
from runner.store.queries.names import shown_in_lists, tags_of
from runner.store.queries.rows import (
    CommandRow,
    LeaderRow,
    MetricRow,
    ScoredRow,
    columns_in_parts,
)
from runner.store.schema import Experiment, ExperimentTag, Job, Trial
from runner.store.schema.trained import EPOCHS_OF_TRIAL

# The metrics that trials can be ranked and filtered by, beside others that trainers report.
METRICS = ("accuracy", "val_accuracy", "best_val_accuracy", "loss", "val_loss", "seconds")

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}

# The relative tolerance for comparing computed numbers, such as values of a range.
NEARLY = 1e-12

TRAINS = (Kind.TRAIN, Kind.TUNE)

# What can be asked of a trial's experiment.
LABELS = ("tag", "name")

# The fold that a trial was validated on.
FOLD = Trial.dataset["fold"].as_integer()

NAME = select(Experiment.name).where(Experiment.id == Job.experiment_id).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a metric or param with a value.

    `default` is used if a param is not given; a param that is `own` is one of a user's network,
    and always stored. A name with neither is that of a metric.
    """

    name: str
    operator: str
    value: ParamValue
    default: ParamValue | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """A selection of trials.

    Without experiments, the trials of all experiments are selected; of archived ones only if asked.
    Trials of `tune --folds`, which are scored on different images, are selected alone with `folds`.
    """

    experiments: Sequence[int] = ()
    conditions: Sequence[Condition] = ()
    archived: bool = False
    folds: bool = False


def best(connection: Connection, scope: Scope, by: str, top: int) -> list[LeaderRow]:
    """Return the best trials by a metric of their last epoch; ties are ordered oldest first.

    Trials without the metric are left out.
    """
    query = _chosen(
        scope,
        Trial.id.label("trial"),
        Trial.job_id.label("job"),
        Trial.params,
        Trial.network,
        Trial.predictor,
        Trial.seed,
        cast(Trial.dataset, Text).label("dataset"),
        Trial.epochs.label("trained_epochs"),
        Trial.ended_by,
        Trial.reused,
        Trial.best_epoch,
        *(getattr(Trial, name) for name in METRICS),
        Trial.metrics,
        Trial.loss_rule,
        Trial.fingerprint,
        Job.experiment_id.label("experiment"),
        NAME.label("name"),
        Job.number,
        Job.not_reproducible,
    )
    found = connection.execute(_ranked(query, by).limit(top))
    names = tuple(found.keys())
    # Thousands of trials have the same data set: each is read once.
    described = cache(_described)
    return [_leader(dict(zip(names, row, strict=True)), described) for row in found]


def ranked_columns(connection: Connection, scope: Scope, by: str) -> dict[str, list[Any]]:
    """Return the columns of all trials that have a metric, in the order of `best`.

    Those of folds are in the order of their points, with a column `fold`.
    """
    of = Trial.dataset
    fold = [FOLD.label("fold")] if scope.folds else []
    query = _chosen(
        scope,
        Trial.id.label("trial"),
        Trial.job_id.label("job"),
        Trial.params,
        Trial.network,
        Trial.seed,
        *fold,
        # Without a data set there is none of these.
        func.coalesce(of["fingerprint"].as_string(), "").label("fingerprint"),
        func.coalesce(of[("images", "validation")].as_integer(), 0).label("val_images"),
        Trial.epochs.label("trained_epochs"),
        Trial.ended_by,
        Trial.best_epoch,
        Trial.reused,
        *(getattr(Trial, name) for name in METRICS),
        Trial.metrics,
    )
    ordered = _ranked(query, by)
    if scope.folds:
        ordered = ordered.order_by(None).order_by(Trial.job_id)
    return columns_in_parts(connection, ordered)


def _ranked(query: Select[Any], by: str) -> Select[Any]:
    metric = metric_column(by)
    order = metric if is_smaller_better(by) else metric.desc()
    return query.where(metric.is_not(None)).order_by(order, Trial.id)


def _described(dataset: str | None) -> Description:
    return Description.from_json(None if dataset is None else json.loads(dataset))


def _leader(columns: dict[str, Any], described: Callable[[str | None], Description]) -> LeaderRow:
    network, dataset = columns["network"], described(columns["dataset"])
    predictor = columns.pop("predictor")
    columns["metrics"] = columns["metrics"] or {}
    columns["params"] = trained_params(columns["params"], columns["trained_epochs"])
    columns["network"] = network_name(network)
    columns["code"] = code_of(network)
    columns["trainer"] = is_trainer(network)
    columns["predicts"] = can_be_evaluated(dataset, network, predictor)
    columns["dataset"] = dataset
    return LeaderRow(**columns)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the selected trials have a metric, have none, and have one and reuse none."""

    scored: int
    without: int
    # One that reuses the results of another had no chance of its own to be the best.
    trained: int


def count(connection: Connection, scope: Scope, by: str) -> Counts:
    """Count the selected trials by whether they have a metric."""
    known = metric_column(by).is_not(None)
    trained = func.count(distinct(func.coalesce(Trial.reused, Trial.id))).filter(known)
    query = _chosen(scope, func.count().filter(known), func.count().filter(~known), trained)
    return Counts(*connection.execute(query).one())


def default_metric(connection: Connection, scope: Scope) -> str:
    """Return the metric that ranks the selected trials unless another one is chosen."""
    return objective(connection.scalars(_chosen(scope, Trial.objective).distinct()))


def metric_column(name: str) -> ColumnElement[Any]:
    """Return the column of a metric of trials, or its value in the JSON of other metrics."""
    if name in METRICS:
        column: ColumnElement[Any] = getattr(Trial, name)
        return column
    value: ColumnElement[Any] = Trial.metrics[name].as_float()
    return value


def loss_rules(connection: Connection, scope: Scope) -> list[int]:
    """Return the distinct loss rules of the selected trials."""
    query = _chosen(scope, Trial.loss_rule).distinct().order_by(Trial.loss_rule)
    return list(connection.scalars(query))


def some(connection: Connection, scope: Scope, by: str, step: int) -> list[MetricRow]:
    """Return the params and the metric of those selected trials whose id is divisible by `step`."""
    metric = metric_column(by)
    query = _chosen(scope, Trial.params, Trial.epochs, Trial.network, metric)
    query = query.where(Trial.id % step == 0, metric.is_not(None))
    rows = connection.execute(query.order_by(Trial.id))
    return [
        MetricRow(
            trained_params(params, epochs), network_name(network), is_trainer(network), metric
        )
        for params, epochs, network, metric in rows
    ]


def scored(connection: Connection, scope: Scope, by: str) -> list[ScoredRow]:
    """Return the params, the seed, the images and the metric of all selected trials."""
    of = Trial.dataset
    query = _chosen(
        scope,
        *(Trial.id, Trial.params, Trial.epochs, Trial.network, Trial.seed, metric_column(by)),
        # Without a data set there is none of these.
        *(func.coalesce(of[name].as_string(), "") for name in ("title", "fingerprint")),
        *(
            func.coalesce(of[("images", split)].as_integer(), 0)
            for split in ("train", "validation")
        ),
    )
    return [
        ScoredRow(
            trial,
            trained_params(params, epochs),
            network_name(network),
            is_trainer(network),
            seed,
            *rest,
        )
        for trial, params, epochs, network, seed, *rest in connection.execute(
            query.order_by(Trial.id)
        )
    ]


def repeats(connection: Connection, scope: Scope, by: str) -> tuple[float, int]:
    """Return the pooled variance of a metric between seeds, and its degrees of freedom.

    Repeats are trials with the same params and images; trials with the same seed count once.
    """
    same = (
        cast(Trial.params, Text).label("params"),
        func.coalesce(cast(Trial.network, Text), "").label("network"),
        EPOCHS_OF_TRIAL.label("epochs"),
        Trial.dataset["fingerprint"].as_string().label("fingerprint"),
        Trial.dataset[("images", "train")].as_string().label("train_images"),
    )
    metric = metric_column(by)
    means = _chosen(scope, *same, func.avg(metric).label("metric")).where(metric.is_not(None))
    of, count = means.group_by(*same, Trial.seed).subquery().c, func.count()
    squares = func.sum(of.metric * of.metric) - count * func.avg(of.metric) * func.avg(of.metric)
    groups = (
        select((count - 1).label("freedom"), squares.label("squares"))
        .group_by(of.params, of.network, of.epochs, of.fingerprint, of.train_images)
        .having(count > 1)
        .subquery()
    )
    totals = select(func.sum(groups.c.squares), func.sum(groups.c.freedom))
    squared, freedom = connection.execute(totals).one()
    return (max(0.0, squared / int(freedom)), int(freedom)) if freedom else (0.0, 0)


def experiments(connection: Connection, scope: Scope) -> list[CommandRow]:
    """Return the selected experiments; without a selection, all experiments that train.

    Of those that train, only experiments with a trial that meets all conditions.
    """
    query = select(
        Experiment.id,
        Experiment.kind,
        Experiment.configuration["dataset"],
        Experiment.provenance["command"].as_string(),
        Experiment.name,
    ).order_by(Experiment.id)
    if scope.experiments:
        query = query.where(Experiment.id.in_(scope.experiments))
    else:
        query = query.where(Experiment.kind.in_(TRAINS))
        if not scope.archived:
            query = query.where(Experiment.archived_at.is_(None))
    if scope.conditions:
        meets = Experiment.id.in_(_chosen(scope, Job.experiment_id))
        query = query.where(or_(Experiment.kind.not_in(TRAINS), meets))
    labelled = [condition for condition in scope.conditions if condition.name in LABELS]
    rows = connection.execute(query.where(*(_labelled(c, Experiment.id) for c in labelled))).all()
    tags = tags_of(connection, [row.id for row in rows])
    return [
        CommandRow(number, kind, Description.from_json(dataset), command, name, tags[number])
        for number, kind, dataset, command, name in rows
    ]


def matching(conditions: Sequence[Condition]) -> Select[Any]:
    """Return a query of the ids of the trials that meet all conditions, archived ones included."""
    return _stored(Scope(conditions=conditions, archived=True), Trial.id)


def _chosen(scope: Scope, *columns: Any) -> Select[Any]:
    """Return a query of the trials that are compared: trained to their end, on folds or not."""
    chosen = FOLD.is_not(None) if scope.folds else FOLD.is_(None)
    return _stored(scope, *columns).where(Trial.ended_by != STOPPED, chosen)


def _stored(scope: Scope, *columns: Any) -> Select[Any]:
    query = select(*columns).join_from(Trial, Job, Job.id == Trial.job_id)
    if scope.experiments:
        query = query.where(Job.experiment_id.in_(scope.experiments))
    elif not scope.archived:
        query = query.where(shown_in_lists())
    return query.where(*map(_holds, scope.conditions))


def _holds(condition: Condition) -> ColumnElement[bool]:
    if condition.name in LABELS:
        return _labelled(condition, Job.experiment_id)
    column, value = _column(condition), condition.value
    if isinstance(value, float):
        return _number_holds(column, condition.operator, value)
    holds: ColumnElement[bool] = OPERATORS[condition.operator](column, value)
    return holds


def _labelled(condition: Condition, experiment: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that an experiment has, or has not, a tag or a name."""
    words = spellings(str(condition.value))
    if condition.name == "tag":
        chosen = select(ExperimentTag.experiment_id).where(ExperimentTag.tag.in_(words))
    else:
        chosen = select(Experiment.id).where(Experiment.name.in_(words))
    return experiment.in_(chosen) if condition.operator == "=" else experiment.not_in(chosen)


def _number_holds(column: ColumnElement[Any], sign: str, value: float) -> ColumnElement[bool]:
    """Compare numbers with a small tolerance, so that 0.1 + 0.2 equals 0.3."""
    near = abs(value) * NEARLY
    low, high = value - near, value + near
    match sign:
        case "=":
            return column.between(low, high)
        case "!=":
            return ~column.between(low, high)
        case "<" | ">=":
            holds: ColumnElement[bool] = OPERATORS[sign](column, low)
        case _:
            holds = OPERATORS[sign](column, high)
    return holds


def _column(condition: Condition) -> ColumnElement[Any]:
    if condition.name == "epochs":
        return EPOCHS_OF_TRIAL
    if condition.name == "network":
        return func.coalesce(Trial.network["name"].as_string(), PAPER.name)
    if condition.own:
        return _param(condition)
    if condition.default is None:
        return metric_column(condition.name)
    param = _param(condition)
    known = func.coalesce(param, condition.default)
    if condition.name not in dict(PAPER.parameters):
        return known
    # Only the paper's network has it by default.
    return case((Trial.network.is_(None), known), else_=param)


def _param(condition: Condition) -> ColumnElement[Any]:
    given = Trial.params[condition.name]
    match condition.value:
        case bool():
            param: ColumnElement[Any] = given.as_boolean()
        case str():
            param = given.as_string()
        case _:
            param = given.as_float()
    return param
