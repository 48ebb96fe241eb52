"""The trials of a tune as Talos logs its rounds, and what `talos.Analyze` would say of them.

Only trials that were trained to their end, in the order of the grid: a round that failed has no
numbers, and Talos counts rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.reports.formats.csv_file import csv_file
from runner.reports.stats.param_importance import influence
from runner.reports.stats.ranking import METRICS, effective, param_names

Row = Mapping[str, Any]

MOST_PARAMS = 10


def as_talos_log(document: Row) -> str:
    """Return the CSV that `talos.Analyze` reads."""
    trials = _rounds(document["trials"])
    names = param_names(trials)
    rows = []
    for trial in trials:
        params = effective(trial["params"])
        scores = [trial[name] for name in ("trained_epochs", *METRICS)]
        rows.append([*scores, *(params[name] for name in names)])
    return csv_file(["round_epochs", *METRICS, *names], rows)


def analysis(trials: Sequence[Row], metric: str) -> dict[str, Any] | None:
    """Return Talos's answers about a metric, under its names; None if no trial has ended."""
    rounds = _rounds(trials)
    if not rounds:
        return None
    scores = [trial[metric] for trial in rounds]
    params = [effective(trial["params"]) for trial in rounds]
    found = influence(params, scores)
    order = sorted(range(len(rounds)), key=lambda place: -scores[place])
    return {
        "metric": metric,
        "rounds": len(rounds),
        "high": max(scores),
        "low": min(scores),
        "rounds2high": order[0],
        "correlate": {row["param"]: row["correlation"] for row in found if row["correlation"]},
        "best_params": [params[place] for place in order[:MOST_PARAMS]],
        "influence": found,
    }


def _rounds(trials: Sequence[Row]) -> list[Row]:
    scored = [trial for trial in trials if trial["trial"] is not None]
    return sorted(scored, key=lambda trial: int(trial["number"]))
