"""The metrics of epochs: which ranks trials, and when training ends before its epochs do."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

# What a network always has, and a trainer may have; others have any name.
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")

# Trials are ranked by the first of these that was reported.
PREFERRED = ("val_accuracy", "val_loss", "accuracy", "loss")

# Shares of images, from 0 to 1; so is the best of an epoch, `best_val_accuracy`.
SHARES = ("accuracy", "val_accuracy")

# How large a network is, and the recall of a class, of objectives: measured where it is asked for.
PARAMETERS = "parameters"
RECALL = "recall:"

# What ended a training.
EPOCHS, PATIENCE, STOPPED = "epochs", "patience", "stopped"

# A metric with one of these words in its name is better when it is smaller.
OF_SIZE = ("seconds", "parameters")
SMALLER = (*OF_SIZE, "loss", "error", "perplexity", "mse", "rmse", "mae", "nll", "wer", "cer")


def objective(reported: Iterable[str]) -> str:
    """Return the metric that ranks trials with these: a preferred one, else the first by name."""
    names = set(reported)
    return next((name for name in PREFERRED if name in names), min(names, default=PREFERRED[0]))


def is_smaller_better(metric: str) -> bool:
    """Return whether a smaller value of a metric is better, which its name says."""
    if metric.startswith(RECALL):
        return False
    return any(word in SMALLER for word in metric.lower().split("_"))


def is_share(metric: str) -> bool:
    """Return whether a metric is a share of images, from 0 to 1."""
    return metric.removeprefix("best_") in SHARES


class Measured(Protocol):
    """What has metrics: an epoch or a trial, with a field for each of the usual ones."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return those that have no field of their own."""


def score(of: Measured, metric: str) -> float | None:
    """Return a metric of an epoch or a trial; None if it was not reported."""
    found: float | None = getattr(of, metric, None)
    return of.metrics.get(metric) if found is None else found


def reported(records: Iterable[Measured], metrics: Sequence[str] = METRICS) -> list[str]:
    """Return those of some metrics that a record has, and after them all others that one has."""
    every = list(records)
    others = sorted({name for record in every for name in record.metrics})
    return [
        name
        for name in (*metrics, *others)
        if any(score(record, name) is not None for record in every)
    ]


# The columns that `reported_in` reads.
REPORTED = (*METRICS, "metrics")


def reported_in(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of a row of the database that were reported, by name."""
    own = {name: row[name] for name in METRICS if row[name] is not None}
    return own | (row["metrics"] or {})


def in_words(metric: str, value: float) -> str:
    """Return the value of a metric for people, with three decimals if it is a share."""
    return f"{value:.3f}" if is_share(metric) else f"{value:.4g}"


def has_stalled(val_losses: Sequence[float], patience: int) -> bool:
    """Return whether so many epochs have passed since the lowest val_loss; never with 0."""
    if not patience or not val_losses:
        return False
    best = val_losses.index(min(val_losses))
    return len(val_losses) - 1 - best >= patience


def ended_by(trained: int, epochs: int, patience: int) -> str:
    """Return what ended a training of so many of its epochs: patience, or that it had them all."""
    return PATIENCE if patience and trained < epochs else EPOCHS
