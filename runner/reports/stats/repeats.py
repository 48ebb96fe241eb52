"""Trials with the same params and different seeds: mean, standard deviation and interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from cifar_model.params import ParamValues
from runner.reports.records import Interval, Trial
from runner.reports.stats.ranking import effective
from runner.reports.stats.uncertainty import mean_interval


@dataclass(frozen=True, slots=True)
class Repeat:
    """Params that were trained with several seeds, and the distribution of a metric."""

    params: ParamValues
    trials: list[int | None]
    seeds: list[int]
    mean: float
    spread: float
    interval: Interval
    lowest: float
    highest: float


def repeated(trials: Sequence[Trial], metric: str) -> list[Repeat]:
    """Return a record for each set of params that was trained with several seeds, best first.

    Repeated trials with the same seed give the same scores, so they count once.
    """
    groups: dict[str, dict[int, Trial]] = {}
    for trial in trials:
        if getattr(trial, metric) is not None:
            params = repr(sorted(effective(trial.params).items()))
            groups.setdefault(params, {}).setdefault(trial.seed, trial)
    rows = [_repeat(list(group.values()), metric) for group in groups.values() if len(group) > 1]
    return sorted(rows, key=lambda row: -row.mean)


def _repeat(group: Sequence[Trial], metric: str) -> Repeat:
    values = [float(getattr(trial, metric)) for trial in group]
    return Repeat(
        params=effective(group[0].params),
        trials=[trial.trial for trial in group],
        seeds=[trial.seed for trial in group],
        mean=fmean(values),
        spread=stdev(values),
        interval=mean_interval(values),
        lowest=min(values),
        highest=max(values),
    )
