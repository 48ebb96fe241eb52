"""What a comparison shows: the verdict, the scores and where the two differ."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.reports.comparison.folds import ASSUMPTIONS, fold_verdict
from runner.reports.comparison.trials import verdict
from runner.reports.model import (
    SHORT,
    Figure,
    Note,
    Part,
    Report,
    Table,
    captioned,
    code_of,
    field_table,
    origin,
)

Row = Mapping[str, Any]

SCORES = ("trial", "evaluation", "accuracy", "accuracy_interval")
COUNTS = ("both_right", "only_first", "only_second", "both_wrong")
OF_FOLDS = ("experiment", "trial", "mean", "interval")


def comparison_title(document: Row) -> str:
    """Return the title of a comparison."""
    what = "experiment" if "folds" in document else "trial"
    first, second = (row[what] for row in document[f"{what}s"])
    return f"{what.capitalize()}s {first} and {second} - {data_of(document)}"


def data_of(document: Row) -> str:
    """Return the data set and its fingerprint."""
    return f"{document['dataset']}, fingerprint {document['data_fingerprint'][:SHORT]}"


def comparison_parts(document: Row, pictures: Sequence[Figure] = ()) -> list[Part]:
    """Return the parts of a comparison, for a form to render."""
    return _of_folds(document) if "folds" in document else _of_trials(document, pictures)


def origin_parts(document: Row) -> list[Part]:
    """Return the exact commands behind a comparison, and the code."""
    if "folds" in document:
        commands = {f"experiment {row['experiment']}": row["command"] for row in _sides(document)}
    else:
        commands = {
            f"trial {row['trial']}, {step}": command
            for row in _sides(document)
            for step, command in zip(("trained", "evaluated"), row["commands"], strict=True)
        }
    fields = commands | {"code": code_of(document["provenance"])}
    fields |= {"data set": document["dataset"], "fingerprint": document["data_fingerprint"]}
    return [field_table(f"Provenance - {data_of(document)}", fields)]


def _sides(document: Row) -> Sequence[Row]:
    sides: Sequence[Row] = document["experiments" if "folds" in document else "trials"]
    return sides


def _of_trials(document: Row, pictures: Sequence[Figure]) -> list[Part]:
    shown = f"{document['images']:,} {document['split']} images of {data_of(document)}"
    scores = [[trial[name] for name in SCORES] for trial in document["trials"]]
    counts = [[document[name] for name in COUNTS]]
    return [
        Table(f"Scores on the same {shown}", SCORES, scores),
        Table(f"Agreement on individual images - {shown}", COUNTS, counts),
        Note(verdict(document)),
        *pictures,
    ]


def _of_folds(document: Row) -> list[Part]:
    scores = [[row[name] for name in OF_FOLDS] for row in document["experiments"]]
    names = [f"experiment {row['experiment']}" for row in document["experiments"]]
    accuracies = [row["accuracies"] for row in document["experiments"]]
    folds = [
        [number, *row]
        for number, row in enumerate(zip(*accuracies, document["differences"], strict=True), 1)
    ]
    shown = f"the same {document['folds']} folds of {data_of(document)}"
    return [
        Table(f"Mean accuracies on {shown}", OF_FOLDS, scores),
        Table(f"Accuracies on {shown}", ("fold", *names, "difference"), folds),
        Note(fold_verdict(document)),
        Note(ASSUMPTIONS),
    ]


def comparison_report(document: dict[str, Any]) -> Report:
    """Return the report of a comparison's document."""
    return Report(
        comparison_title(document),
        document,
        lay_out=lambda figures: comparison_parts(document, figures),
        appendix=lambda: origin_parts(document),
        draw=lambda: _draw(document),
    )


def _draw(document: dict[str, Any]) -> list[Figure]:
    """Return the confusions of both trials and of the first less the second; of folds none."""
    if "folds" in document:
        return []
    from runner.reports.figures.confusion import draw_confusion, draw_difference

    first, second = document["trials"]
    dataset = {"title": document["dataset"], "fingerprint": document["data_fingerprint"]}
    shared = {"split": document["split"], "classes": document["classes"]}
    again = f"runner compare {first['trial']} {second['trial']} --split {document['split']}"
    again += " --format html"
    drawn = [
        (draw_confusion({"dataset": dataset}, first | shared), first["commands"]),
        (draw_confusion({"dataset": dataset}, second | shared), second["commands"]),
        (
            draw_difference({"dataset": dataset}, first | shared, second),
            [*first["commands"], *second["commands"]],
        ),
    ]
    return [
        picture
        for one, commands in drawn
        for picture in captioned([one], origin(commands, document["provenance"], (), again))
    ]
