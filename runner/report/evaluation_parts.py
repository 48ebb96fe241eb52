"""What a report of `evaluate` shows: scores, confusion and the scores of each class."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.report.parts import Note, Part, Picture, Table, titled

# A wider confusion is no longer readable as a table; its most frequent mistakes are.
MOST_CLASSES = 20
MOST_MISTAKES = 20

SCORES = ("trial", "split", "images", "loss", "accuracy", "accuracy_interval", "log_loss")

LOSSES = (
    "The interval is Wilson's, 95 %. loss is that of the trial's own loss function; log_loss can"
    " be compared between trials."
)


def evaluation_parts(document: Mapping[str, Any], pictures: Sequence[Picture]) -> list[Part]:
    """Return the parts of a report about evaluations."""
    parts: list[Part] = []
    for evaluation in document["evaluations"]:
        parts += [
            _scores(document, evaluation),
            Note(LOSSES),
            *_confusion(document, evaluation),
            _classes(document, evaluation),
        ]
    return [*parts, *pictures]


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
