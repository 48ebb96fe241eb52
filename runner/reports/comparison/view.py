"""Lay out the report of a comparison: scores, counts, the test result and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.reports.comparison.folds import ASSUMPTIONS, FoldComparisonDocument, fold_verdict
from runner.reports.comparison.trials import ComparisonDocument, verdict
from runner.reports.formats.junit import as_junit
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Report,
    Table,
    captioned,
    code_of,
    dataset_name,
    field_table,
    first_rows,
    next_steps,
    origin,
    titled,
)
from runner.reports.records import values

SCORES = ("trial", "evaluation", "accuracy", "accuracy_interval")
COUNTS = ("both_right", "only_first", "only_second", "both_wrong")
OF_FOLDS = ("experiment", "trial", "mean", "interval")

Compared = ComparisonDocument | FoldComparisonDocument


@dataclass(frozen=True, slots=True)
class ComparedData:
    """The title and fingerprint of a comparison's data set, for titles."""

    title: str
    fingerprint: str


def data_of(document: Compared) -> ComparedData:
    """Return the data set of a comparison."""
    return ComparedData(document.dataset, document.data_fingerprint)


def comparison_report(document: ComparisonDocument) -> Report:
    """Return the report of a comparison of two trials."""
    first, second = (of.trial for of in document.trials)
    commands = {
        f"trial {of.trial}, {step}": command
        for of in document.trials
        for step, command in zip(("trained", "evaluated"), of.commands, strict=True)
    }
    title = titled(data_of(document), f"Trials {first} and {second}")
    return Report(
        title,
        document,
        lay_out=lambda figures: comparison_parts(document, figures),
        appendix=lambda: _origin(document, commands),
        brief=lambda: brief_comparison_parts(document),
        main=lambda: comparison_table(document),
        draw=lambda: _draw(document),
        texts={"junit": lambda: as_junit("compare", (first, second), title, document.conditions)},
    )


def fold_comparison_report(document: FoldComparisonDocument) -> Report:
    """Return the report of a comparison of two k-folds. It has no figures."""
    first, second = (of.experiment for of in document.experiments)
    commands = {f"experiment {of.experiment}": of.command for of in document.experiments}
    title = titled(data_of(document), f"Experiments {first} and {second}")
    return Report(
        title,
        document,
        lay_out=lambda _: fold_comparison_parts(document),
        appendix=lambda: _origin(document, commands),
        texts={"junit": lambda: as_junit("compare", (first, second), title, document.conditions)},
    )


def comparison_parts(document: ComparisonDocument, figures: Sequence[Figure] = ()) -> list[Part]:
    """Return the parts of a comparison of two trials."""
    images = f"{document.images:,} {document.split} images of {dataset_name(data_of(document))}"
    scores = [values(of, SCORES) for of in document.trials]
    return [
        Table(f"Scores on the same {images}", SCORES, scores),
        Table(f"Images classified correctly - {images}", COUNTS, [values(document, COUNTS)]),
        Note(verdict(document)),
        *figures,
    ]


def brief_comparison_parts(document: ComparisonDocument) -> list[Part]:
    """Return the parts for a terminal: the result of the test, then what it was computed from."""
    first, second = (of.trial for of in document.trials)
    scores = [values(of, SCORES) for of in document.trials]
    return [
        Note(verdict(document)),
        Table(f"On the same {document.images:,} {document.split} images", SCORES, scores),
        Table("Images classified correctly", COUNTS, [values(document, COUNTS)]),
        next_steps([(f"runner compare {first} {second} --format html", "confusion matrices")]),
    ]


def comparison_table(document: ComparisonDocument) -> Table:
    """Return one row for each trial, with every column."""
    columns = (*SCORES, "images", "split", *COUNTS)
    of_both = [document.images, document.split, *values(document, COUNTS)]
    return Table("", columns, [[*values(of, SCORES), *of_both] for of in document.trials])


def _brief_folds(document: FoldComparisonDocument) -> list[Part]:
    means = [values(of, OF_FOLDS) for of in document.experiments]
    return [
        Note(fold_verdict(document)),
        Table("Mean accuracy", OF_FOLDS, means),
        *first_rows(_folds_table(document, "Accuracy by fold")),
    ]


def _folds_table(document: FoldComparisonDocument, title: str) -> Table:
    names = [f"experiment {of.experiment}" for of in document.experiments]
    accuracies = [of.accuracies for of in document.experiments]
    rows = zip(*accuracies, document.differences, strict=True)
    folds = [[number, *row] for number, row in enumerate(rows, start=1)]
    return Table(title, ("fold", *names, "difference"), folds)


def fold_comparison_parts(document: FoldComparisonDocument) -> list[Part]:
    """Return the parts of a comparison of two k-folds."""
    shown = f"the same {document.folds} folds of {dataset_name(data_of(document))}"
    means = [values(of, OF_FOLDS) for of in document.experiments]
    return [
        Table(f"Mean accuracy on {shown}", OF_FOLDS, means),
        _folds_table(document, f"Accuracy by fold on {shown}"),
        Note(fold_verdict(document)),
        Note(ASSUMPTIONS),
    ]


def _origin(document: Compared, commands: Mapping[str, str]) -> list[Part]:
    """Return a table with the commands, the code version and the data set of a comparison."""
    fields = {
        **commands,
        "code": code_of(document.provenance),
        "data set": document.dataset,
        "fingerprint": document.data_fingerprint,
    }
    return [field_table(titled(data_of(document), "Provenance"), fields)]


def _draw(document: ComparisonDocument) -> list[Figure]:
    """Return figures of both confusion matrices and of their difference."""
    from runner.reports.figures.confusion import draw_confusion, draw_difference

    first, second = document.trials
    dataset, split, classes = data_of(document), document.split, document.classes
    again = f"runner compare {first.trial} {second.trial} --split {split} --format html"
    drawn = [
        (draw_confusion(dataset, first.trial, split, classes, first.confusion), first.commands),
        (draw_confusion(dataset, second.trial, split, classes, second.confusion), second.commands),
        (
            draw_difference(
                dataset,
                (first.trial, second.trial),
                split,
                classes,
                (first.confusion, second.confusion),
            ),
            [*first.commands, *second.commands],
        ),
    ]
    code = code_of(document.provenance)
    return [
        figure
        for one, commands in drawn
        for figure in captioned([one], origin(commands, code, (), again))
    ]
