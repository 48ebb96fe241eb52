"""The evaluations of a document: scores with their uncertainty, confusion and per-class scores."""

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.metrics import per_class
from runner.reports.stats.uncertainty import fold_interval, wilson
from runner.store.engine import Connection
from runner.store.queries import reports

CLASS_SCORES = ("support", "tp", "tn", "fp", "fn", "precision", "recall", "f1")


def evaluation_rows(
    connection: Connection, *, experiment: int | None = None, trial: int | None = None
) -> list[dict[str, Any]]:
    """Return the evaluations that an experiment made, or all of a trial."""
    found = reports.evaluations(connection, experiment=experiment, trial=trial)
    return [_evaluation_row(connection, evaluation) for evaluation in found]


def _evaluation_row(connection: Connection, evaluation: reports.Row) -> dict[str, Any]:
    classes = list(evaluation["classes"])
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    for cell in reports.confusion(connection, evaluation["id"]):
        confusion[cell["true_label"], cell["predicted_label"]] = cell["images"]
    return {
        "evaluation": evaluation["id"],
        "job": evaluation["job_id"],
        "trial": evaluation["trial_id"],
        "split": evaluation["split"],
        "fold": evaluation["fold"],
        "talos_f1": evaluation["talos_f1"],
        "images": evaluation["images"],
        "loss": evaluation["loss"],
        "accuracy": evaluation["accuracy"],
        "accuracy_interval": wilson(int(np.trace(confusion)), evaluation["images"]),
        "log_loss": evaluation["log_loss"],
        "loss_rule": evaluation["loss_rule"],
        "keras": None
        if evaluation["keras_loss"] is None
        else {name: evaluation[f"keras_{name}"] for name in ("loss", "accuracy")},
        "classes": classes,
        "confusion": confusion.tolist(),
        "per_class": _per_class(classes, confusion),
    }


def _per_class(classes: list[str], confusion: NDArray[np.int64]) -> list[dict[str, Any]]:
    scores = per_class(confusion)
    return [
        {"class": name, **{field: getattr(score, field) for field in CLASS_SCORES}}
        for name, score in zip(classes, scores, strict=True)
    ]


def folds_summary(evaluations: Sequence[dict[str, Any]], folds: int) -> dict[str, Any]:
    """Return the mean scores of a k-fold; an interval only once every fold has its score."""
    accuracies = [row["accuracy"] for row in evaluations]
    scores = [row["talos_f1"] for row in evaluations]
    return {
        "folds": folds,
        "done": len(accuracies),
        "mean": fmean(accuracies) if accuracies else None,
        "spread": stdev(accuracies) if len(accuracies) > 1 else None,
        "interval": fold_interval(accuracies) if len(accuracies) == folds else None,
        "talos_f1": fmean(scores) if scores else None,
    }
