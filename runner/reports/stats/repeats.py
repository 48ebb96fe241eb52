"""Trials with the same params and other seeds: their mean, spread and interval."""

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from runner.reports.stats.ranking import effective
from runner.reports.stats.uncertainty import mean_interval

Row = Mapping[str, Any]


def repeated(trials: Sequence[Row], metric: str) -> list[dict[str, Any]]:
    """Return a row for every params that was trained with several seeds, the best first.

    The same seed again would be the same numbers, so it counts once.
    """
    groups: dict[str, dict[int, Row]] = {}
    for trial in trials:
        if trial[metric] is not None:
            params = repr(sorted(effective(trial["params"]).items()))
            groups.setdefault(params, {}).setdefault(trial["seed"], trial)
    rows = [_row(list(group.values()), metric) for group in groups.values() if len(group) > 1]
    return sorted(rows, key=lambda row: -row["mean"])


def _row(group: Sequence[Row], metric: str) -> dict[str, Any]:
    values = [float(trial[metric]) for trial in group]
    return {
        "params": effective(group[0]["params"]),
        "trials": [trial["trial"] for trial in group],
        "seeds": [trial["seed"] for trial in group],
        "mean": fmean(values),
        "spread": stdev(values),
        "interval": mean_interval(values),
        "lowest": min(values),
        "highest": max(values),
    }
