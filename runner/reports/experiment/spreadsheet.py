"""An experiment as one table for CSV and Parquet.

There is one row per trial, class or superpixel, and one row per job that has no result. Every row
has the experiment and the data set, and all experiments of a kind have the same columns, so that
tables can be concatenated; those of the params of a user's network are added.
"""

from collections.abc import Iterator, Sequence

from cifar_model.objective import reported
from runner.reports.experiment.document import ExperimentDocument
from runner.reports.formats.csv_file import Cell, share_of
from runner.reports.records import Best, chosen, of_metrics, values
from runner.reports.stats.ranking import METRICS, all_names, effective_of
from runner.states import Kind

# The cells of a row by column name.
Cells = dict[str, Cell]

JOB = ("job", "number", "state", "attempts", "reason")
TRIAL = (
    *("rank", "trial", *JOB, "round_epochs", *METRICS, "val_accuracy_low", "val_accuracy_high"),
    *(f"best_{name}" for name in METRICS),
    *("best_epoch", "seconds", "seed", "reused", "loss_rule", "not_reproducible"),
    *("fingerprints", "network", "code"),
)
ORIGIN = ("experiment", "dataset", "fingerprint")
EVALUATION = (
    "evaluation",
    "trial",
    "split",
    "fold",
    "talos_f1",
    "images",
    "loss",
    "accuracy",
    "log_loss",
    "loss_rule",
)
INTERVAL = ("accuracy_low", "accuracy_high")
CLASS = ("class", "support", "tp", "tn", "fp", "fn", "precision", "recall", "f1")
EXPLANATION = (
    *("trial", "image", "label", "class", "true_class", "predicted_class", "probability"),
    *(
        "method",
        "segmentation",
        "superpixels",
        "largest_share",
        "r2",
        "stability",
        "intercept",
        "verdict",
    ),
    *("removed", "removed_random", "deletion_area", "insertion_area"),
)


def spreadsheet_rows(document: ExperimentDocument) -> list[Cells]:
    """Return the rows of the table. Each has all columns of the experiment's kind."""
    match document.kind:
        case Kind.TRAIN | Kind.TUNE:
            rows = _trials(document)
        case Kind.EVALUATE:
            rows = _classes(document)
        case _:
            rows = _superpixels(document)
    dataset = document.dataset
    origin = _named(ORIGIN, (document.experiment, dataset.title, dataset.fingerprint))
    names = columns_of(document)
    return [{name: (row | origin).get(name) for name in names} for row in rows]


def columns_of(document: ExperimentDocument) -> tuple[str, ...]:
    """Return the columns of the table: those of the kind, and params of a user's network."""
    match document.kind:
        case Kind.TRAIN | Kind.TUNE:
            others = of_metrics(dict.fromkeys(reported(document.trials, ()), 0.0))
            return (*TRIAL, *all_names(document.trials), *others, *ORIGIN)
        case Kind.EVALUATE:
            return (*JOB, *EVALUATION, *INTERVAL, *CLASS, *ORIGIN)
        case _:
            return (*JOB, *EXPLANATION, "superpixel", "weight", *ORIGIN)


def _trials(document: ExperimentDocument) -> Iterator[Cells]:
    images = document.dataset.images.train
    for trial in document.ranked:
        low, high = trial.val_accuracy_interval or (None, None)
        yield {
            "rank": trial.rank,
            "trial": trial.trial,
            **chosen(trial, JOB),
            "round_epochs": trial.trained_epochs,
            **chosen(trial, METRICS),
            "accuracy": share_of(trial.accuracy, images),
            "val_accuracy_low": low,
            "val_accuracy_high": high,
            **(_best(trial.best, images) if trial.best else {}),
            **chosen(trial, ("best_epoch", "seconds", "seed", "loss_rule", "not_reproducible")),
            **chosen(trial, ("reused", "network", "code")),
            "fingerprints": ", then ".join(trial.fingerprints),
            **of_metrics(trial.metrics),
            **effective_of(trial),
        }


def _best(best: Best, images: int) -> Cells:
    each = zip(METRICS, values(best, METRICS), strict=True)
    found: Cells = {f"best_{name}": None if of is None else of.value for name, of in each}
    accuracy = None if best.accuracy is None else best.accuracy.value
    found["best_accuracy"] = share_of(accuracy, images)
    return found


def _classes(document: ExperimentDocument) -> Iterator[Cells]:
    for job in document.jobs:
        found = [row for row in document.evaluations if row.job == job.job]
        if not found:
            yield chosen(job, JOB)
        for evaluation in found:
            interval = _named(INTERVAL, evaluation.accuracy_interval)
            scores = chosen(job, JOB) | chosen(evaluation, EVALUATION) | interval
            for row in evaluation.per_class:
                yield scores | chosen(row, CLASS)


def _superpixels(document: ExperimentDocument) -> Iterator[Cells]:
    for job in document.jobs:
        found = [row for row in document.explanations if row.job == job.job]
        if not found:
            yield chosen(job, JOB)
        for explanation in found:
            for superpixel, weight in enumerate(explanation.weights):
                yield {
                    **chosen(job, JOB),
                    **chosen(explanation, EXPLANATION),
                    "superpixel": superpixel,
                    "weight": weight,
                }


def _named(names: Sequence[str], cells: Sequence[Cell]) -> Cells:
    return dict(zip(names, cells, strict=True))
