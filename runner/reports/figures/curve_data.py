"""The learning curves that a reader of a page can explore."""

from collections.abc import Sequence

from cifar_model.objective import METRICS, score
from runner.reports.model import CurveData
from runner.reports.records import Trial

# Beyond so many a file would be too large to mail.
MOST_CURVES = 500
DIGITS = 5


def curve_data(trials: Sequence[Trial], by: str, *, instead: bool) -> CurveData | None:
    """Return the curves of the best trials; None if there are no epochs."""
    shown = [trial for trial in trials if trial.epochs][:MOST_CURVES]
    metrics = dict.fromkeys([by, *METRICS])
    values = {name: [_curve(trial, name) for trial in shown] for name in metrics}
    known = {name: curves for name, curves in values.items() if any(map(_has_value, curves))}
    if not known:
        return None
    return CurveData(
        by=by,
        trial=[trial.trial for trial in shown],
        job=[trial.job for trial in shown],
        scores=[_rounded(score(trial, by)) for trial in shown],
        noise=[trial.noise for trial in shown],
        values=known,
        instead=instead,
    )


def _curve(trial: Trial, metric: str) -> list[float | None]:
    """Return the values from the first epoch on; None for an epoch that is not stored."""
    found = {row.epoch: _rounded(score(row, metric)) for row in trial.epochs}
    return [found.get(epoch) for epoch in range(1, max(found) + 1)]


def _has_value(curve: Sequence[float | None]) -> bool:
    return any(value is not None for value in curve)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
