"""A report as CSV: one table, a row for each trial, class or superpixel, and for each job without.

Every row names the experiment and the data set, so that tables can be put together.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.report.training_parts import METRICS, param_names
from runner.report.trials import effective
from runner.states import Kind

Row = Mapping[str, Any]

JOB = ("job", "number", "state", "attempts", "reason")
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
)
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
    return as_csv(spreadsheet_rows(document))


def as_csv(rows: Sequence[Row], first: Sequence[str] = ()) -> str:
    """Return rows as CSV, with these names and every other that any of them has."""
    names = dict.fromkeys([*first, *(name for row in rows for name in row)])
    content = io.StringIO()
    writer = csv.DictWriter(content, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue()


def spreadsheet_rows(document: Row) -> list[dict[str, Any]]:
    """Return the rows of the table, each with the experiment and the data set."""
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
    names = dict.fromkeys(name for row in rows for name in row)
    # Names in one order, whichever of them the first row has.
    return [{name: row.get(name) for name in names} | origin for row in rows]


def _trials(document: Row) -> Iterator[dict[str, Any]]:
    names = param_names(document["trials"])
    for trial in document["trials"]:
        best, params = trial["best"] or {}, effective(trial["params"])
        yield {
            "rank": trial["rank"],
            "trial": trial["trial"],
            **_chosen(trial, JOB),
            "round_epochs": trial["trained_epochs"],
            **_chosen(trial, METRICS),
            **{f"best_{name}": best.get(name, {}).get("value") for name in METRICS},
            **_chosen(trial, ("best_epoch", "seconds", "seed", "not_reproducible")),
            "fingerprints": ", then ".join(trial["fingerprints"]),
            **{name: params.get(name) for name in names},
        }


def _classes(document: Row) -> Iterator[dict[str, Any]]:
    for job in document["jobs"]:
        found = [row for row in document["evaluations"] if row["job"] == job["job"]]
        if not found:
            yield _chosen(job, JOB)
        for evaluation in found:
            low, high = evaluation["accuracy_interval"]
            interval = {"accuracy_low": low, "accuracy_high": high}
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
