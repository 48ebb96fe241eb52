"""Trials grouped by params: the mean over seeds with its interval, and the spread."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev, variance
from typing import Protocol

from cifar_model.objective import Measured, is_share, score
from cifar_model.params import ParamValues
from runner.reports.records import Interval
from runner.reports.stats.param_importance import differing
from runner.reports.stats.ranking import PARAMS, WithNetwork, effective_of
from runner.reports.stats.uncertainty import fold_interval, student


class Member(Measured, WithNetwork, Protocol):
    """A trial that can be a member of a group."""

    @property
    def trial(self) -> int | None:
        """Return the number of the trial; None before it has ended."""

    @property
    def seed(self) -> int:
        """Return its seed."""

    @property
    def fold(self) -> int | None:
        """Return the fold that it was scored on; None except for `tune --folds`."""


@dataclass(frozen=True, slots=True)
class Group:
    """Trials with the same values of some params, and the distribution of a metric.

    `params` has every param that is the same in all trials, `varying` the names of the others.
    Trials that differ in nothing, also not in their seed, are repeated work and count once.
    `unscored` is the number of trials without a score, which are left out. `spread` is the
    standard deviation of the trials, None for a single one. `folds` is the number of folds that
    every params has, None without folds, and `missing` how many of them have no score; only a group
    without missing folds has a rank.
    """

    network: str
    params: ParamValues
    varying: list[str]
    trials: list[int]
    seeds: list[int]
    unscored: int
    mean: float | None
    interval: Interval | None
    spread: float | None
    lowest: float | None
    highest: float | None
    folds: int | None
    missing: int


def grouped(
    trials: Iterable[Member],
    names: Sequence[str] | None,
    metric: str,
    folds: int | None = None,
) -> list[Group]:
    """Return a group for each combination of values of these params (None: of all params).

    Trials of different networks are in different groups. With `folds`, each trial is one of them.
    """
    by_all = names is None or set(names) == set(PARAMS)
    found: dict[Hashable, list[Member]] = {}
    for trial in trials:
        params = effective_of(trial)
        key = _key(params) if by_all else tuple(map(params.get, names or ()))
        found.setdefault((trial.network, key), []).append(trial)
    return [_group(members, metric, folds) for members in found.values()]


def repeated(trials: Iterable[Member], metric: str, *, smallest_first: bool) -> list[Group]:
    """Return the group of each set of params that was trained with several seeds, best first."""
    groups = [group for group in grouped(trials, None, metric) if len(group.seeds) > 1]
    sign = 1 if smallest_first else -1
    return sorted(groups, key=lambda group: sign * (group.mean or 0))


def _group(members: Sequence[Member], metric: str, folds: int | None) -> Group:
    once: dict[Hashable, tuple[Member, float]] = {}
    found = [(member, score(member, metric)) for member in members]
    scored = [(member, value) for member, value in found if value is not None]
    for member, value in scored:
        key = _key(effective_of(member)), member.seed, member.fold
        once.setdefault(key, (member, value))
    counted = [member for member, _ in once.values()]
    scores = [value for _, value in once.values()]
    params = [effective_of(member) for member in counted or members]
    varying = differing(params)
    points = len({_key(effective_of(member)) for member in members})
    missing = 0 if folds is None else points * folds - len(counted)
    interval = interval_over_seeds(by_params(counted, scores))
    if folds is not None:
        # One over the folds of a point; several points differ also by their params.
        interval = fold_interval(scores) if points == 1 and not missing else None
    return Group(
        network=members[0].network,
        params={name: value for name, value in params[0].items() if name not in varying},
        varying=varying,
        trials=[member.trial for member in counted if member.trial is not None],
        seeds=list(dict.fromkeys(member.seed for member in counted)),
        unscored=len(members) - len(scored),
        mean=fmean(scores) if scores else None,
        interval=within(metric, interval),
        spread=stdev(scores) if len(scores) > 1 else None,
        lowest=min(scores, default=None),
        highest=max(scores, default=None),
        folds=folds,
        missing=missing,
    )


def by_params(members: Sequence[Member], scores: Sequence[float]) -> list[list[float]]:
    """Return the scores of the members, those of the same params together."""
    found: dict[Hashable, list[float]] = {}
    for member, value in zip(members, scores, strict=True):
        params = effective_of(member)
        found.setdefault((member.network, _key(params)), []).append(value)
    return list(found.values())


def interval_over_seeds(scores: Sequence[Sequence[float]]) -> Interval | None:
    """Return Student's t 95 % interval of the mean of all scores, given those of each params.

    The variance is that between seeds of the same params, pooled over the params, because the
    differences between params are not due to chance. None if no params have several seeds.
    """
    several = [values for values in scores if len(values) > 1]
    freedom = sum(len(values) - 1 for values in several)
    if freedom == 0:
        return None
    pooled = sum((len(values) - 1) * variance(values) for values in several) / freedom
    everything = [value for values in scores for value in values]
    mean, half = fmean(everything), student(freedom) * sqrt(pooled / len(everything))
    return [mean - half, mean + half]


def within(metric: str, interval: Interval | None) -> Interval | None:
    """Return the part of an interval in which the metric can lie: a share is from 0 to 1."""
    if interval is None or not is_share(metric):
        return interval
    return [min(max(end, 0.0), 1.0) for end in interval]


def _key(params: ParamValues) -> Hashable:
    """Return a key that is equal for equal params."""
    return frozenset(params.items())
