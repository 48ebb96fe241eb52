"""The evaluations in a report: scores, confusion matrices, scores by class and by fold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Protocol

import numpy as np

from cifar_model.metrics import per_class
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Table,
    as_text,
    first_rows,
    titled,
    with_interval,
)
from runner.reports.records import (
    ClassScores,
    Evaluation,
    Interval,
    KerasScores,
    Named,
    values,
)
from runner.reports.stats.uncertainty import fold_interval, wilson
from runner.store.engine import Connection
from runner.store.queries import reports
from runner.store.queries.rows import ConfusionCellRow, EvaluationRow

MOST_NAMED = 10

FIRST_RULE = (
    "loss rule 1 of earlier versions: for a sigmoid head with cross-entropy it differs from the"
    " training loss and from the loss of Keras's evaluate"
)


class Ruled(Protocol):
    """A trial or an evaluation with the rule that its loss was computed by."""

    @property
    def trial(self) -> int | None:
        """Return the number of the trial; None before it has ended."""

    @property
    def loss_rule(self) -> int | None:
        """Return the rule; None before there is a loss."""


def next_for_trial(trial: int | None, *, evaluated: bool) -> tuple[str, str]:
    """Return the command that goes on from a trial, and what it does.

    Its errors are known only after it was evaluated on the test split.
    """
    if evaluated:
        return f"runner submit explain --trial {trial} --images wrong", "explain its errors"
    return f"runner submit evaluate --trial {trial} --wait", "score it on the test split"


def loss_rule_notes(metric: str, trials: Sequence[Ruled]) -> Iterator[Note]:
    """Yield a note that lists the trials whose loss was computed by rule 1, if there are any."""
    old = [of.trial for of in trials if of.loss_rule == 1]
    if not old:
        return
    if all(of.loss_rule in (1, None) for of in trials):
        yield Note(f"{metric} was computed by {FIRST_RULE}.")
        return
    left = len(old) - MOST_NAMED
    names = ", ".join(map(str, old[:MOST_NAMED])) + (f" and {left} more" if left > 0 else "")
    yield Note(
        f"{metric} of trial{'s' * (len(old) > 1)} {names} was computed by {FIRST_RULE}. It is"
        f" not comparable with the {metric} of the other trials.",
        warning=True,
    )


def mixed_rules_note(by: str, rules: Sequence[int]) -> Iterator[Note]:
    """Yield a warning if trials are ranked by losses that were computed by different rules."""
    if by == "val_loss" and len(rules) > 1:
        yield Note(
            f"Ranked by val_loss, which for some of these trials was computed by {FIRST_RULE}."
            " The ranks of these trials are not meaningful.",
            warning=True,
        )


CLASS_SCORES = ("support", "tp", "tn", "fp", "fn", "precision", "recall", "f1")


def evaluations_of(
    connection: Connection, *, experiment: int | None = None, trial: int | None = None
) -> list[Evaluation]:
    """Return the evaluations made by an experiment, or all evaluations of a trial."""
    found = reports.evaluations(connection, experiment=experiment, trial=trial)
    return [evaluation_record(row, reports.confusion(connection, row.id)) for row in found]


def evaluation_record(row: EvaluationRow, cells: Sequence[ConfusionCellRow]) -> Evaluation:
    """Return the record of a stored evaluation and of the cells of its confusion matrix."""
    classes = row.classes
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    for cell in cells:
        confusion[cell.true_label, cell.predicted_label] = cell.images
    keras = None
    if row.keras_loss is not None and row.keras_accuracy is not None:
        keras = KerasScores(row.keras_loss, row.keras_accuracy)
    return Evaluation(
        evaluation=row.id,
        job=row.job_id,
        trial=row.trial_id,
        split=row.split,
        fold=row.fold,
        talos_f1=row.talos_f1,
        images=row.images,
        loss=row.loss,
        accuracy=row.accuracy,
        accuracy_interval=wilson(int(np.trace(confusion)), row.images),
        log_loss=row.log_loss,
        loss_rule=row.loss_rule,
        keras=keras,
        classes=classes,
        confusion=confusion.tolist(),
        per_class=[
            ClassScores(name, **{field: getattr(score, field) for field in CLASS_SCORES})
            for name, score in zip(classes, per_class(confusion), strict=True)
        ],
    )


@dataclass(frozen=True, slots=True)
class FoldsSummary:
    """The mean scores of a k-fold. `interval` is None until every fold has a score."""

    folds: int
    done: int
    mean: float | None
    spread: float | None
    interval: Interval | None
    talos_f1: float | None


def folds_summary(evaluations: Sequence[Evaluation], folds: int) -> FoldsSummary:
    """Return the mean scores of the finished folds."""
    accuracies = [fold.accuracy for fold in evaluations]
    scores = [fold.talos_f1 for fold in evaluations if fold.talos_f1 is not None]
    return FoldsSummary(
        folds=folds,
        done=len(accuracies),
        mean=fmean(accuracies) if accuracies else None,
        spread=stdev(accuracies) if len(accuracies) > 1 else None,
        interval=fold_interval(accuracies) if len(accuracies) == folds else None,
        talos_f1=fmean(scores) if scores else None,
    )


# With more classes the confusion matrix is too wide for a table: its largest errors are listed.
MOST_CLASSES = 20
MOST_MISTAKES = 20

SCORES = ("trial", "split", "images", "loss", "accuracy", "accuracy_interval", "log_loss")

FOLD = ("fold", "images", "loss", "accuracy", "accuracy_interval", "log_loss", "talos_f1")

FOLDS = (
    "For each fold a new model was trained with the trial's params on the other folds. The 95 %"
    " interval of the mean is Nadeau and Bengio's. talos_f1 is a different score, computed as"
    " Talos scores folds: the macro F1 of the trial's own model on the fold. That model was trained"
    " on most of these images."
)

LOSSES = (
    "The interval is Wilson's 95 % interval. loss is the value of the trial's own loss function;"
    " log_loss is comparable between trials."
)


CLASS_COLUMNS = ("class", "support", "precision", "recall", "f1", "tp", "tn", "fp", "fn")


def evaluation_parts(
    dataset: Named,
    evaluations: Sequence[Evaluation],
    folds: FoldsSummary | None,
    figures: Sequence[Figure],
) -> list[Part]:
    """Return the parts of an evaluation report."""
    if folds:
        notes = loss_rule_notes("loss", evaluations)
        return [folds_table(dataset, evaluations), *notes, *_mean_of_folds(folds)]
    parts: list[Part] = []
    for evaluation in evaluations:
        parts += [
            Table(titled(dataset, "Scores"), SCORES, [values(evaluation, SCORES)]),
            Note(LOSSES),
            *loss_rule_notes("loss", [evaluation]),
            *_confusion(dataset, evaluation),
            _classes(dataset, evaluation),
        ]
    return [*parts, *figures]


SHARES = ("precision", "recall", "f1")
BRIEF_CLASS_COLUMNS = ("class", "support", *SHARES)

# The number of confused pairs of classes in a report for a terminal.
BRIEF_MISTAKES = 5


def brief_evaluation_parts(
    evaluations: Sequence[Evaluation], folds: FoldsSummary | None
) -> list[Part]:
    """Return the parts for a terminal: the score, the classes and the most frequent errors."""
    if not evaluations:
        return [Note("No result yet.")]
    if folds:
        rows = [values(fold, FOLD) for fold in evaluations]
        return [*_mean_of_folds(folds)[:1], *first_rows(Table("", FOLD, rows))]
    parts: list[Part] = []
    for found in evaluations:
        score = with_interval(found.accuracy, found.accuracy_interval)
        parts += [
            Note(
                f"Trial {found.trial} on the {found.split} split: accuracy {score}, 95 % interval,"
                f" on {found.images:,} images; loss {as_text(found.loss)}, log_loss"
                f" {as_text(found.log_loss)}."
            ),
            *loss_rule_notes("loss", [found]),
            *first_rows(
                Table(
                    "Scores by class",
                    BRIEF_CLASS_COLUMNS,
                    [_brief_scores(scores) for scores in found.per_class],
                )
            ),
            _mistakes_table("Most frequent errors", found, BRIEF_MISTAKES),
        ]
    return parts


def _brief_scores(scores: ClassScores) -> list[Any]:
    """Return the cells of a class; a class rarely has images for more than two digits."""
    shares = (None if share is None else round(share, 2) for share in values(scores, SHARES))
    return [scores.class_, scores.support, *shares]


SCORE_COLUMNS = (*SCORES, "evaluation", "fold", "talos_f1", "loss_rule", "job")


def scores_table(dataset: Named, evaluations: Sequence[Evaluation]) -> Table:
    """Return one row for each evaluation, with every column."""
    rows = [values(found, SCORE_COLUMNS) for found in evaluations]
    return Table(titled(dataset, "Scores"), SCORE_COLUMNS, rows)


def folds_table(dataset: Named, evaluations: Sequence[Evaluation]) -> Table:
    """Return one row for each fold."""
    rows = [values(fold, FOLD) for fold in evaluations]
    return Table(titled(dataset, "Scores by fold"), FOLD, rows, sortable=True)


def _mean_of_folds(folds: FoldsSummary) -> list[Part]:
    if not folds.done:
        return []
    mean = f"{folds.done} of {folds.folds} folds: mean accuracy "
    if folds.interval and folds.mean is not None:
        mean += with_interval(folds.mean, folds.interval)
        mean += f", standard deviation {folds.spread:.4f}"
    else:
        mean += f"{folds.mean:.4f}"
    return [Note(f"{mean}; mean talos_f1 {folds.talos_f1:.4f}."), Note(FOLDS)]


def _confusion(dataset: Named, evaluation: Evaluation) -> list[Part]:
    classes, confusion = evaluation.classes, evaluation.confusion
    if len(classes) <= MOST_CLASSES:
        title = titled(dataset, "Confusion matrix (rows: true class, columns: predicted class)")
        rows = [[name, *cells] for name, cells in zip(classes, confusion, strict=True)]
        return [Table(title, ("true", *classes), rows)]
    title = titled(dataset, "Confusion matrix: most frequent errors")
    table = _mistakes_table(title, evaluation, MOST_MISTAKES)
    return [
        table,
        Note(
            f"{len(table.rows)} of {len(_mistakes(evaluation))} confused pairs of {len(classes)}"
            " classes are shown; --format json has all cells."
        ),
    ]


def _mistakes_table(title: str, evaluation: Evaluation, most: int) -> Table:
    rows = [[true, predicted, images] for images, true, predicted in _mistakes(evaluation)[:most]]
    return Table(title, ("true", "predicted", "images"), rows)


def _mistakes(evaluation: Evaluation) -> list[tuple[int, str, str]]:
    """Return the confused pairs of classes, the most frequent first."""
    classes = evaluation.classes
    found = [
        (images, classes[true], classes[predicted])
        for true, cells in enumerate(evaluation.confusion)
        for predicted, images in enumerate(cells)
        if images and true != predicted
    ]
    return sorted(found, key=lambda mistake: -mistake[0])


def _classes(dataset: Named, evaluation: Evaluation) -> Table:
    rows = [values(scores, CLASS_COLUMNS) for scores in evaluation.per_class]
    return Table(titled(dataset, "Scores by class"), CLASS_COLUMNS, rows, sortable=True)
