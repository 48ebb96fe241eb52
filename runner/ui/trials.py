"""The documents of the page of an experiment: its trials as columns, and their curves."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from cifar_model.objective import METRICS, STOPPED
from cifar_model.params import ParamValues
from runner.errors import InputError
from runner.reports.leaderboard import Influences
from runner.reports.records import Interval
from runner.reports.selection import Winner
from runner.reports.stats.repeats import within
from runner.reports.stats.uncertainty import fold_interval
from runner.specs import Configuration, Provenance
from runner.states import UNSUCCESSFUL, JobState, Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries import frames
from runner.store.queries.leaderboard import Scope
from runner.store.queries.progress import progress_of
from runner.store.queries.reports import stopped_jobs
from runner.store.queries.tuning.folds import BestPoint
from runner.ui.ranking import Ranking, fold_scores, ranking

RESULTS = (
    *("val_accuracy", "val_loss", "accuracy", "loss", "best_val_accuracy", "best_epoch"),
    *("trained_epochs", "ended_by", "seconds", "seed", "reused", "fold"),
)

Columns = dict[str, list[Any]]

# Of experiments that do not train.
NOT_RANKED = Ranking(
    by="",
    order="",
    columns={name: [] for name in ("rank", "trial", "job", "noise", "interval", *RESULTS)},
    winner=None,
    influence=None,
)


@dataclass(frozen=True, slots=True)
class Point:
    """The point with the best mean over all folds, of `complete` points that have all of them."""

    params: ParamValues
    mean: float
    interval: Interval | None
    complete: int


@dataclass(frozen=True, slots=True)
class TrialsDocument:
    """An experiment and its jobs; every column has a value for each job, None if it has none.

    `params` and `metrics` are the names of columns; of the params, `differing` vary. The fields of
    the leaderboard are None or empty for experiments that do not train, which are about the trial
    `of_trial`. With `folds`, points are
    ranked in place of trials: `best_point` is the first, None while no point has all folds.
    """

    experiment: int
    name: str | None
    tags: list[str]
    note: str | None
    kind: str
    of_trial: int | None
    dataset: str
    command: str
    created_at: str
    paused: bool
    archived: bool
    states: dict[str, int]
    unit: str
    done: int
    total: int
    seconds_left: float | None
    by: str
    order: str
    val_images: int
    rows: int
    columns: Columns
    params: list[str]
    differing: list[str]
    metrics: list[str]
    winner: Winner | None
    influence: Influences | None
    folds: int | None
    best_point: Point | None


@dataclass(frozen=True, slots=True)
class CurvesDocument:
    """The values of one metric by epoch; `values` has a list for each of `jobs`."""

    metric: str
    jobs: list[int]
    values: list[list[float | None]]


def trials_document(store: Store, number: int) -> TrialsDocument:
    """Return the document of an experiment."""
    found = queries.experiment(store, number)
    progress = progress_of(store, number)
    trains = found.kind in (Kind.TRAIN, Kind.TUNE)
    folds = found.configuration.get("folds") if trains else None
    ranked = _ranked(store, found, folds) if trains else NOT_RANKED
    columns = _columns(ranked)
    if others := _unranked(store, found, set(columns["job"])):
        with store.read() as connection:
            _add_others(columns, others, stopped_jobs(connection, number))
    params = [name for name in columns if name.startswith("params.")]
    dataset = Configuration(found.configuration).dataset
    return TrialsDocument(
        experiment=found.id,
        name=found.name,
        tags=found.tags,
        note=found.note,
        kind=found.kind,
        of_trial=found.configuration.get("trial"),
        dataset=dataset.title,
        command=Provenance(found.provenance).command,
        created_at=found.created_at.isoformat(timespec="seconds"),
        paused=found.paused_at is not None,
        archived=found.archived_at is not None,
        states=found.states,
        unit=progress.unit,
        done=progress.done,
        total=progress.total,
        seconds_left=progress.seconds_left,
        by=ranked.by,
        order=ranked.order,
        val_images=dataset.images.validation if dataset else 0,
        rows=len(columns["job"]),
        columns=columns,
        params=params,
        differing=[name for name in params if _varies(columns[name])],
        metrics=[name for name in columns if name in RESULTS or name.startswith("metrics.")],
        winner=ranked.winner,
        influence=ranked.influence,
        folds=folds,
        best_point=None if progress.point is None else _shown(progress.point),
    )


def _unranked(store: Store, found: queries.Experiment, known: Set[int]) -> list[queries.Job]:
    """Return the jobs without a rank; as a rule all that succeeded have one and are not read."""
    others: list[queries.Job] = []
    for states in (UNSUCCESSFUL, None):
        if len(known) + len(others) < found.jobs:
            read = queries.jobs(store, found.id, states)
            others = [job for job in read if job.id not in known]
    return others


def _ranked(store: Store, found: queries.Experiment, folds: int | None) -> Ranking:
    if folds is None:
        return ranking(store, Scope([found.id]))
    return fold_scores(store, found.id, found.configuration)


def _shown(best: BestPoint) -> Point:
    interval = within(best.metric, fold_interval(best.scores))
    return Point(best.params, best.mean, interval, best.complete)


def _varies(values: Sequence[Any]) -> bool:
    """Return whether a param has several values; jobs without a trial lack the default ones."""
    return len(set(values) - {None}) > 1


def _columns(ranked: Ranking) -> Columns:
    found = ranked.columns
    rows = len(found["job"])
    return {
        **{name: found[name] for name in ("rank", "trial", "job")},
        "state": [JobState.SUCCEEDED.value] * rows,
        "reason": [None] * rows,
        **{name: found[name] for name in ("noise", "interval")},
        **{name: found[name] for name in found if name.startswith("params.")},
        **{name: found[name] for name in RESULTS if name in found},
        **{name: found[name] for name in found if name.startswith("metrics.")},
    }


def _add_others(columns: Columns, others: Sequence[queries.Job], stopped: set[int]) -> None:
    """Add the jobs that have no rank, with the params that they were or are to be trained with.

    Those that were stopped early have their epoch and no score: it would be compared with those of
    trials that were trained to their end.
    """
    params: list[Mapping[str, Any]] = [job.configuration.get("params") or {} for job in others]
    folds = [(job.configuration.get("dataset") or {}).get("fold") for job in others]
    known = {f"params.{name}": name for row in params for name in row}
    before = len(columns["job"])
    own: Columns = {
        "trial": [job.trial for job in others],
        "job": [job.id for job in others],
        "state": [job.state for job in others],
        "reason": [
            job.reason or (f"stopped early after epoch {job.epoch}" if job.id in stopped else None)
            for job in others
        ],
        "ended_by": [STOPPED if job.id in stopped else None for job in others],
        "trained_epochs": [job.epoch for job in others],
        **({"fold": folds} if any(folds) else {}),
        **{column: [row.get(name) for row in params] for column, name in known.items()},
    }
    nothing: list[Any] = [None] * len(others)
    for name in [*columns, *(name for name in own if name not in columns)]:
        added = own.get(name, nothing)
        columns[name] = [*columns.get(name, [None] * before), *added]


def curves_document(store: Store, number: int, metric: str) -> CurvesDocument:
    """Return the curves of a metric of an experiment's jobs."""
    if metric not in METRICS:
        raise InputError(
            f"there are no curves of {metric}", f"one of {', '.join(METRICS)}", "correct the metric"
        )
    with store.read() as connection:
        found = frames.epoch_columns(connection, Scope([number]), ("job", "epoch", metric))
    curves: dict[int, list[float | None]] = {}
    for job, value in zip(found["job"], found[metric], strict=True):
        curves.setdefault(job, []).append(value)
    return CurvesDocument(metric, list(curves), list(curves.values()))
