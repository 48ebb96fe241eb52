"""A report as CSV: one table, a row for each trial, class or superpixel, and for each job without.

Every row names the experiment and the data set, and the columns of a kind are always the same, so
that tables can be put together. No text in it is taken for a formula by a spreadsheet.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cifar_model.params import RULES
from runner.reports.stats.ranking import METRICS, PAPER_PARAMS, effective
from runner.states import Kind

# What spreadsheets take for the beginning of a formula, as OWASP lists it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return the file's text; numbers keep every digit and their signs."""
    return "".join(_line(row) for row in (head, *rows))


def _line(row: Sequence[Any]) -> str:
    line = io.StringIO()
    # Only what may end a line is quoted, and a carriage return in a text has to be.
    csv.writer(line, lineterminator="\r\n").writerow([_defused(value) for value in row])
    return line.getvalue().removesuffix("\r\n") + "\n"


def _defused(value: Any) -> Any:
    """Return text that a spreadsheet shows as it is, with OWASP's quote before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


Row = Mapping[str, Any]

JOB = ("job", "number", "state", "attempts", "reason")
# The paper's params, in its order, and after them every other.
PARAMS = tuple(dict.fromkeys((*PAPER_PARAMS, *RULES)))
TRIAL = (
    *("rank", "trial", *JOB, "round_epochs", *METRICS, "val_accuracy_low", "val_accuracy_high"),
    *(f"best_{name}" for name in METRICS),
    *("best_epoch", "seconds", "seed", "loss_rule", "not_reproducible", "fingerprints"),
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


def as_spreadsheet(document: Row) -> str:
    """Return the table with its head; what a job without a result lacks is empty."""
    return as_csv(spreadsheet_rows(document), columns_of(document["kind"]))


def as_csv(rows: Sequence[Row], first: Sequence[str] = ()) -> str:
    """Return rows as CSV, with these names and every other that any of them has."""
    names = list(dict.fromkeys([*first, *(name for row in rows for name in row)]))
    return csv_file(names, ([row.get(name) for name in names] for row in rows))


def spreadsheet_rows(document: Row) -> list[dict[str, Any]]:
    """Return the rows of the table, each with every column of its kind."""
    match document["kind"]:
        case Kind.TRAIN | Kind.TUNE:
            rows = list(_trials(document))
        case Kind.EVALUATE:
            rows = list(_classes(document))
        case _:
            rows = list(_superpixels(document))
    origin = {
        "experiment": document["experiment"],
        "dataset": document["dataset"]["title"],
        "fingerprint": document["dataset"]["fingerprint"],
    }
    names = columns_of(document["kind"])
    return [{name: (row | origin).get(name) for name in names} for row in rows]


def columns_of(kind: str) -> tuple[str, ...]:
    """Return the columns of the table of a kind, whatever its rows."""
    match kind:
        case Kind.TRAIN | Kind.TUNE:
            return (*TRIAL, *PARAMS, *ORIGIN)
        case Kind.EVALUATE:
            return (*JOB, *EVALUATION, *INTERVAL, *CLASS, *ORIGIN)
        case _:
            return (*JOB, *EXPLANATION, "superpixel", "weight", *ORIGIN)


def _trials(document: Row) -> Iterator[dict[str, Any]]:
    images = document["dataset"]["images"]["train"]
    for trial in document["trials"]:
        best, params = trial["best"] or {}, effective(trial["params"])
        low, high = trial["val_accuracy_interval"] or (None, None)
        yield {
            "rank": trial["rank"],
            "trial": trial["trial"],
            **_chosen(trial, JOB),
            "round_epochs": trial["trained_epochs"],
            **_chosen(trial, METRICS),
            "accuracy": share_of(trial["accuracy"], images),
            "val_accuracy_low": low,
            "val_accuracy_high": high,
            **{f"best_{name}": best.get(name, {}).get("value") for name in METRICS},
            "best_accuracy": share_of(best.get("accuracy", {}).get("value"), images),
            **_chosen(trial, ("best_epoch", "seconds", "seed", "loss_rule", "not_reproducible")),
            "fingerprints": ", then ".join(trial["fingerprints"]),
            **params,
        }


def share_of(accuracy: float | None, images: int) -> float | None:
    """Return an accuracy as the share of so many images that it is.

    Keras counts with numbers of four bytes, of which the digits beyond the seventh say nothing.
    """
    if accuracy is None:
        return None
    share = round(accuracy * images) / images
    return share if abs(share - accuracy) < 1e-6 else accuracy


def _classes(document: Row) -> Iterator[dict[str, Any]]:
    for job in document["jobs"]:
        found = [row for row in document["evaluations"] if row["job"] == job["job"]]
        if not found:
            yield _chosen(job, JOB)
        for evaluation in found:
            low, high = evaluation["accuracy_interval"]
            interval = dict(zip(INTERVAL, (low, high), strict=True))
            scores = _chosen(job, JOB) | _chosen(evaluation, EVALUATION) | interval
            for row in evaluation["per_class"]:
                yield scores | _chosen(row, CLASS)


def _superpixels(document: Row) -> Iterator[dict[str, Any]]:
    for job in document["jobs"]:
        found = [row for row in document["explanations"] if row["job"] == job["job"]]
        if not found:
            yield _chosen(job, JOB)
        for explanation in found:
            for superpixel, weight in enumerate(explanation["weights"]):
                yield {
                    **_chosen(job, JOB),
                    **_chosen(explanation, EXPLANATION),
                    "superpixel": superpixel,
                    "weight": weight,
                }


def _chosen(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
