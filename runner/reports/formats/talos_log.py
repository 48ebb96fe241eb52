"""The trials of an experiment in the format of Talos's log, and the results of `talos.Analyze`.

Only finished trials are included, in grid order: a failed round has no scores, and Talos counts
rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cifar_model.objective import score
from cifar_model.params import ParamValues
from runner.reports.formats.csv_file import csv_file
from runner.reports.records import Trial, values
from runner.reports.stats.param_importance import Influence, influence
from runner.reports.stats.ranking import METRICS, effective_of, param_names

MOST_PARAMS = 10


@dataclass(frozen=True, slots=True)
class Analysis:
    """The results of `talos.Analyze` for a metric, under its names, and each param's importance.

    `correlate` has the correlation of each param with the metric, where there is one.
    """

    metric: str
    rounds: int
    high: float
    low: float
    rounds2high: int
    correlate: Mapping[str, float]
    best_params: list[ParamValues]
    influence: list[Influence]


def as_talos_log(trials: Sequence[Trial]) -> str:
    """Return the CSV that `talos.Analyze` reads."""
    rounds = _rounds(trials)
    names = param_names(rounds)
    rows = []
    for trial in rounds:
        params = effective_of(trial)
        scores = values(trial, ("trained_epochs", *METRICS))
        rows.append([*scores, *(params.get(name) for name in names)])
    return csv_file(["round_epochs", *METRICS, *names], rows)


def analysis(trials: Sequence[Trial], metric: str, *, smallest_first: bool) -> Analysis | None:
    """Return the results of `talos.Analyze` for a metric; None if no trial has finished."""
    rounds = _rounds(trials)
    found = [(trial, score(trial, metric)) for trial in rounds]
    scores = [value for _, value in found if value is not None]
    if not scores:
        return None
    rounds = [trial for trial, value in found if value is not None]
    params = [effective_of(trial) for trial in rounds]
    influences = influence(params, scores)
    sign = 1 if smallest_first else -1
    order = sorted(range(len(rounds)), key=lambda place: sign * scores[place])
    return Analysis(
        metric=metric,
        rounds=len(rounds),
        high=max(scores),
        low=min(scores),
        rounds2high=order[0],
        correlate={row.param: row.correlation for row in influences if row.correlation},
        best_params=[params[place] for place in order[:MOST_PARAMS]],
        influence=influences,
    )


def _rounds(trials: Sequence[Trial]) -> list[Trial]:
    scored = [trial for trial in trials if trial.trial is not None]
    return sorted(scored, key=lambda trial: trial.number)
