"""What a report of `evaluate` shows: scores, confusion and the scores of each class."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.reports.experiment.loss_rules import loss_rule_notes
from runner.reports.model import Note, Part, Picture, Table, titled

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


def evaluation_parts(document: Mapping[str, Any], pictures: Sequence[Picture]) -> list[Part]:
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
