"""The evaluations of a document, and what a report of them shows: scores, confusion, classes."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.metrics import per_class
from runner.reports.model import Figure, Note, Part, Table, titled
from runner.reports.stats.uncertainty import fold_interval, wilson
from runner.store.engine import Connection
from runner.store.queries import reports

MOST_NAMED = 10

FIRST_RULE = (
    "loss rule 1, that of earlier versions: for a sigmoid head with cross-entropy it is not the"
    " loss that was trained, nor what Keras's evaluate gives"
)


def loss_rule_notes(metric: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Note]:
    """Name the trials of which a loss was computed by the first rule, if there are any."""
    old = [row["trial"] for row in rows if row["loss_rule"] == 1]
    if not old:
        return
    if all(row["loss_rule"] in (1, None) for row in rows):
        yield Note(f"{metric} was computed by {FIRST_RULE}.")
        return
    left = len(old) - MOST_NAMED
    names = ", ".join(map(str, old[:MOST_NAMED])) + (f" and {left} more" if left > 0 else "")
    yield Note(
        f"{metric} of trial{'s' * (len(old) > 1)} {names} was computed by {FIRST_RULE}. Do not"
        f" compare it with that of the other trials.",
        warning=True,
    )


def mixed_rules_note(by: str, rules: Sequence[int]) -> Iterator[Note]:
    """Warn that trials were ordered by losses that two rules computed."""
    if by == "val_loss" and len(rules) > 1:
        yield Note(
            f"Ordered by val_loss, which for some of these trials was computed by {FIRST_RULE}."
            " Their places among the others mean nothing.",
            warning=True,
        )


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


# A wider confusion is no longer readable as a table; its most frequent mistakes are.
MOST_CLASSES = 20
MOST_MISTAKES = 20

SCORES = ("trial", "split", "images", "loss", "accuracy", "accuracy_interval", "log_loss")

FOLD = ("fold", "images", "loss", "accuracy", "accuracy_interval", "log_loss", "talos_f1")

FOLDS = (
    "Each fold was held out while the trial's params were trained anew on the others. The interval"
    " of the mean is Nadeau and Bengio's, 95 %. talos_f1 is another thing: the macro F1 of the"
    " trial's one model on the fold, most of which it was trained on, as Talos scores folds."
)

LOSSES = (
    "The interval is Wilson's, 95 %. loss is that of the trial's own loss function; log_loss can"
    " be compared between trials."
)


def evaluation_parts(document: Mapping[str, Any], pictures: Sequence[Figure]) -> list[Part]:
    """Return the parts of a report about evaluations."""
    if document["folds"]:
        notes = loss_rule_notes("loss", document["evaluations"])
        return [_folds(document), *notes, *_mean_of_folds(document["folds"])]
    parts: list[Part] = []
    for evaluation in document["evaluations"]:
        parts += [
            _scores(document, evaluation),
            Note(LOSSES),
            *loss_rule_notes("loss", [evaluation]),
            *_confusion(document, evaluation),
            _classes(document, evaluation),
        ]
    return [*parts, *pictures]


def _folds(document: Mapping[str, Any]) -> Table:
    rows = [[row[name] for name in FOLD] for row in document["evaluations"]]
    return Table(titled(document, "Scores of each fold"), FOLD, rows, sortable=True)


def _mean_of_folds(folds: Mapping[str, Any]) -> list[Part]:
    if not folds["done"]:
        return []
    mean = f"{folds['done']} of {folds['folds']} folds: mean accuracy {folds['mean']:.4f}"
    if folds["interval"]:
        low, high = folds["interval"]
        mean += f" ({low:.4f} to {high:.4f}), spread {folds['spread']:.4f}"
    return [Note(f"{mean}; talos_f1 {folds['talos_f1']:.4f} on average."), Note(FOLDS)]


def _scores(document: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Table:
    title = titled(document, "Scores")
    return Table(title, SCORES, [[evaluation[column] for column in SCORES]])


def _confusion(document: Mapping[str, Any], evaluation: Mapping[str, Any]) -> list[Part]:
    classes, confusion = evaluation["classes"], evaluation["confusion"]
    if len(classes) <= MOST_CLASSES:
        title = titled(
            document, "Confusion: a row for each true class, a column for each predicted"
        )
        rows = [[name, *cells] for name, cells in zip(classes, confusion, strict=True)]
        return [Table(title, ("true", *classes), rows)]
    mistakes = sorted(
        (
            (images, classes[true], classes[predicted])
            for true, cells in enumerate(confusion)
            for predicted, images in enumerate(cells)
            if images and true != predicted
        ),
        key=lambda mistake: -mistake[0],
    )
    shown = mistakes[:MOST_MISTAKES]
    return [
        Table(
            titled(document, "Confusion: the most frequent mistakes"),
            ("true", "predicted", "images"),
            [[true, predicted, images] for images, true, predicted in shown],
        ),
        Note(
            f"{len(shown)} of {len(mistakes)} pairs of {len(classes)} classes;"
            " --format json has every cell."
        ),
    ]


def _classes(document: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Table:
    columns = ("class", "support", "precision", "recall", "f1", "tp", "tn", "fp", "fn")
    rows = [[row[column] for column in columns] for row in evaluation["per_class"]]
    return Table(titled(document, "Scores of each class"), columns, rows, sortable=True)
