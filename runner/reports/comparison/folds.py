"""Compare two k-folds on the same folds: whether the settings differ significantly."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from runner.errors import InputError
from runner.reports.lookup import experiment_row
from runner.reports.stats.uncertainty import fold_interval, fold_test, is_noise, sign_test
from runner.store.engine import Connection, Store
from runner.store.queries import reports

Row = Mapping[str, Any]

ASSUMPTIONS = (
    "The t test is Nadeau and Bengio's corrected resampled t: it takes the differences of the folds"
    " for normal, and allows for what folds share by 1/K + 1/(K-1) in the place of 1/K. The sign"
    " test is exact and asks only which is better on each fold, so it sees less: of five folds all"
    " must agree for p 0.0625. It takes the folds for independent."
)


def fold_comparison_document(store: Store, experiments: tuple[int, int]) -> dict[str, Any]:
    """Return how the accuracies of two experiments differ from fold to fold.

    Raises InputError if one is no k-fold, is not done, or has other folds.
    """
    with store.read() as connection:
        rows = [experiment_row(connection, number) for number in experiments]
        for row in rows:
            _check_kind(row)
        folds = [_folds(connection, row) for row in rows]
    if _pictures(rows[0], folds[0]) != _pictures(rows[1], folds[1]):
        raise InputError(
            f"experiments {experiments[0]} and {experiments[1]} have different folds:"
            f" {', '.join(_described(row) for row in rows)}",
            "two with the same data set, divided into as many folds",
            "submit one of them again with the --folds and the data set of the other",
        )
    accuracies = [[row["accuracy"] for row in found] for found in folds]
    dataset = rows[0]["configuration"]["dataset"]
    return {
        "dataset": dataset["title"],
        "data_fingerprint": dataset["fingerprint"],
        "folds": len(folds[0]),
        "experiments": [
            {
                "experiment": row["id"],
                "trial": row["configuration"]["trial"],
                "accuracies": scores,
                "mean": fmean(scores),
                "interval": fold_interval(scores),
                "command": row["provenance"]["command"],
            }
            for row, scores in zip(rows, accuracies, strict=True)
        ],
        "provenance": dict(rows[1]["provenance"]),
    } | compared_folds(*accuracies)


def compared_folds(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """Return the differences of accuracies on the same folds, and their two tests."""
    differences = [one - other for one, other in zip(first, second, strict=True)]
    better = sum(difference > 0 for difference in differences)
    worse = sum(difference < 0 for difference in differences)
    p = fold_test(differences)
    return {
        "differences": differences,
        "difference": fmean(differences),
        "difference_interval": fold_interval(differences),
        "p": p,
        "first_better": better,
        "second_better": worse,
        "sign_p": sign_test(better, worse),
        "noise": is_noise(p),
    }


def fold_verdict(document: Row) -> str:
    """Return in words whether two settings differ."""
    first, second = (row["experiment"] for row in document["experiments"])
    difference, (low, high) = document["difference"], document["difference_interval"]
    size = (
        f"the mean accuracy of experiment {first} less that of {second} is {difference:+.4f}, from"
        f" {low:+.4f} to {high:+.4f} with 95 %; corrected resampled t p {document['p']:.2g};"
        f" exact sign test p {document['sign_p']:.2g}"
        f" ({document['first_better']} folds to {document['second_better']})"
    )
    if document["noise"]:
        return f"Not significant: {size}."
    better, worse = (first, second) if difference > 0 else (second, first)
    return f"Experiment {better} is significantly better than experiment {worse}: {size}."


def _check_kind(row: Row) -> None:
    if "folds" not in row["configuration"]:
        raise InputError(
            f"experiment {row['id']} has no folds: it is of kind {row['kind']}",
            "two experiments that `runner submit evaluate --folds` made",
            "name two such experiments; `runner status` lists them",
        )


def _folds(connection: Connection, row: Row) -> Sequence[Row]:
    """Return the evaluations of an experiment, one for each fold, in order."""
    found, wanted = reports.evaluations(connection, experiment=row["id"]), row["configuration"]
    if len(found) < wanted["folds"]:
        raise InputError(
            f"experiment {row['id']} has {len(found)} of {wanted['folds']} folds",
            "two experiments that are done",
            f"wait for it with `runner watch {row['id']}`, or try its failed jobs again with"
            f" `runner retry {row['id']}`",
        )
    return found


def _pictures(row: Row, folds: Sequence[Row]) -> list[str]:
    """Return what is the same where the folds hold the same images in the same order."""
    return [row["configuration"]["dataset"]["fingerprint"], *(fold["labels"] for fold in folds)]


def _described(row: Row) -> str:
    configuration = row["configuration"]
    return f"{configuration['folds']} of {configuration['dataset']['title']}"
