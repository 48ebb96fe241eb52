"""The metrics of epochs as rows, and the scores of a trial from those of its epochs."""

from collections.abc import Mapping, Sequence
from typing import Any

from cifar_model.objective import METRICS, is_smaller_better, objective, reported_in


def metric_columns(metrics: Mapping[str, float]) -> dict[str, Any]:
    """Return the columns of metrics; those that have none of their own are in `metrics`."""
    own: dict[str, Any] = {name: metrics.get(name) for name in METRICS}
    others = {name: float(value) for name, value in metrics.items() if name not in METRICS}
    return own | {"metrics": others or None}


def trial_scores(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the scores of a trial from the rows of its epochs, of which there is one at least.

    They are those of the last epoch, one of which ranks the trial; the best epoch is the first at
    which that one was best.
    """
    last = reported_in(rows[-1])
    metric = objective(last)
    found = {row["epoch"]: reported_in(row).get(metric) for row in rows}
    values = {epoch: value for epoch, value in found.items() if value is not None}
    best = (min if is_smaller_better(metric) else max)(values, key=values.__getitem__)
    accuracies = [row["val_accuracy"] for row in rows if row["val_accuracy"] is not None]
    return metric_columns(last) | {
        "epochs": rows[-1]["epoch"],
        "best_epoch": best,
        "best_val_accuracy": max(accuracies, default=None),
        "objective": metric,
        "seconds": sum(row["seconds"] for row in rows),
        "loss_rule": rows[-1]["loss_rule"],
    }
