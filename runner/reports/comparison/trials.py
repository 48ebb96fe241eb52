"""Compare two trials on the same images, and test whether they differ significantly."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from runner.errors import InputError
from runner.reports.evaluation import evaluation_rows
from runner.reports.lookup import experiment_row, job_row
from runner.reports.stats.uncertainty import accuracy_interval, is_noise, mcnemar, paired_interval
from runner.store import queries
from runner.store.engine import Store
from runner.store.queries.predictions import Predictions, newest_predictions


def comparison_document(store: Store, trials: tuple[int, int], split: str) -> dict[str, Any]:
    """Return how two trials compare on a split, from the newest evaluation of each.

    Raises InputError if one was not evaluated on it, or not on the same images.
    """
    titles = [queries.trial(store, trial).dataset["title"] for trial in trials]
    first, second = (_predictions(store, trial, split) for trial in trials)
    if not same_pictures(first, second):
        raise InputError(
            f"trials {trials[0]} and {trials[1]} were evaluated on different images:"
            f" {titles[0]}, {titles[1]}",
            "two trials with the same data set, divided in the same way",
            "name two such trials; `runner show` tells the data set of each",
        )
    return {
        "dataset": titles[0],
        "data_fingerprint": first.data_fingerprint,
        "split": split,
    } | _with_confusion(store, compared(first, second))


def _with_confusion(store: Store, document: dict[str, Any]) -> dict[str, Any]:
    """Add to each trial its confusion, and what trained and evaluated it."""
    with store.read() as connection:
        for trial in document["trials"]:
            [row] = [
                row
                for row in evaluation_rows(connection, trial=trial["trial"])
                if row["evaluation"] == trial["evaluation"]
            ]
            jobs = job_row(connection, trial=trial["trial"]), job_row(connection, job=row["job"])
            origins = [experiment_row(connection, job["experiment"]) for job in jobs]
            trial["confusion"] = row["confusion"]
            trial["commands"] = [origin["provenance"]["command"] for origin in origins]
            document["classes"] = row["classes"]
            document["provenance"] = dict(origins[-1]["provenance"])
    return document


def comparisons(store: Store, evaluations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Compare the first evaluated trial with every other that has the same images.

    The p of each is multiplied by their number (Bonferroni), so that together they are at most
    as often wrong as one.
    """
    if not evaluations:
        return []
    split = evaluations[0]["split"]
    trials = dict.fromkeys(row["trial"] for row in evaluations if row["split"] == split)
    first, *others = [_predictions(store, trial, split) for trial in trials]
    documents = [
        {"split": split} | compared(first, other) for other in others if same_pictures(first, other)
    ]
    for document in documents:
        document["p"] = min(1.0, document["p"] * len(documents))
        document["noise"] = is_noise(document["p"])
    return documents


def same_pictures(first: Predictions, second: Predictions) -> bool:
    """Tell whether two evaluations are of the same images, in the same order."""
    return first.data_fingerprint == second.data_fingerprint and np.array_equal(
        first.labels, second.labels
    )


def compared(first: Predictions, second: Predictions) -> dict[str, Any]:
    """Return the counts of a comparison on the same images, the difference and its test."""
    rights = [of.predictions == of.labels for of in (first, second)]
    images = len(first.labels)
    only_first = int((rights[0] & ~rights[1]).sum())
    only_second = int((rights[1] & ~rights[0]).sum())
    p = mcnemar(only_first, only_second)
    return {
        "images": images,
        "trials": [
            {
                "trial": of.trial,
                "evaluation": of.evaluation,
                "accuracy": of.accuracy,
                "accuracy_interval": accuracy_interval(of.accuracy, images),
            }
            for of in (first, second)
        ],
        "both_right": int((rights[0] & rights[1]).sum()),
        "only_first": only_first,
        "only_second": only_second,
        "both_wrong": int((~rights[0] & ~rights[1]).sum()),
        "difference": (only_first - only_second) / images,
        "difference_interval": paired_interval(only_first, only_second, images),
        "p": p,
        "noise": is_noise(p),
    }


def verdict(document: Mapping[str, Any]) -> str:
    """Return in words whether two trials differ."""
    first, second = (trial["trial"] for trial in document["trials"])
    difference, (low, high) = document["difference"], document["difference_interval"]
    size = f"{difference:+.4f}, from {low:+.4f} to {high:+.4f} with 95 %"
    test = f"McNemar's exact p {document['p']:.2g}"
    if document["noise"]:
        return (
            f"Not significant: the accuracy of trial {first} less that of {second} is {size};"
            f" {test}."
        )
    better, worse = (first, second) if difference > 0 else (second, first)
    return (
        f"Trial {better} is significantly better than trial {worse}: {first} less {second} is"
        f" {size}; {test}."
    )


def _predictions(store: Store, trial: int, split: str) -> Predictions:
    found = newest_predictions(store, trial, split)
    if found is None:
        raise InputError(
            f"trial {trial} has no evaluation on the {split} split",
            "two trials that were both evaluated on it",
            f"run `runner submit evaluate --trial {trial} --split {split} --wait`",
        )
    return found
