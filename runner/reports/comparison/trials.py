"""Compare two trials on the same images, and test whether they differ significantly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cifar_model.data import Description
from runner.errors import InputError
from runner.reports.evaluation import evaluations_of
from runner.reports.lookup import experiment_row, job_row
from runner.reports.records import Evaluation, Interval, fields_of
from runner.reports.stats.uncertainty import accuracy_interval, is_noise, mcnemar, paired_interval
from runner.specs import Provenance
from runner.store import queries
from runner.store.engine import Connection, Store
from runner.store.queries.predictions import Predictions, newest_predictions


@dataclass(frozen=True, slots=True)
class ComparedTrial:
    """A trial with the evaluation that it is compared by."""

    trial: int
    evaluation: int
    accuracy: float
    accuracy_interval: Interval


@dataclass(frozen=True, slots=True)
class ConfusedTrial(ComparedTrial):
    """A trial with its confusion too, and the commands that trained and evaluated it."""

    confusion: list[list[int]]
    commands: list[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two trials compare on the same images, and whether chance could make the difference."""

    split: str
    images: int
    trials: Sequence[ComparedTrial]
    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    difference: float
    difference_interval: Interval
    p: float
    noise: bool


# Python refuses two bases that both have slots of their own: what comes first has none.
@dataclass(frozen=True)
class OfDataset:
    """The title of a data set, and its fingerprint."""

    __slots__ = ()

    dataset: str
    data_fingerprint: str


@dataclass(frozen=True, slots=True)
class ComparisonDocument(Comparison, OfDataset):
    """A comparison with what it is drawn from; the provenance is the second's evaluation's."""

    trials: Sequence[ConfusedTrial]
    classes: list[str]
    provenance: Provenance


def comparison_document(store: Store, trials: tuple[int, int], split: str) -> ComparisonDocument:
    """Return how two trials compare on a split, from the newest evaluation of each.

    Raises InputError if one was not evaluated on it, or not on the same images.
    """
    datasets = [Description.from_json(queries.trial(store, trial).dataset) for trial in trials]
    first, second = (_predictions(store, trial, split) for trial in trials)
    if not same_images(first, second):
        raise InputError(
            f"trials {trials[0]} and {trials[1]} were evaluated on different images:"
            f" {datasets[0].title}, {datasets[1].title}",
            "two trials with the same data set, divided in the same way",
            "name two such trials; `runner show` tells the data set of each",
        )
    found = compared(split, first, second)
    with store.read() as connection:
        evaluations = [_evaluation(connection, of) for of in found.trials]
        confused = [
            _confused(connection, *pair) for pair in zip(found.trials, evaluations, strict=True)
        ]
        last = job_row(connection, job=evaluations[1].job)
        provenance = experiment_row(connection, last.experiment).provenance
    return ComparisonDocument(
        dataset=datasets[0].title,
        data_fingerprint=first.data_fingerprint,
        **fields_of(replace(found, trials=confused)),
        classes=evaluations[1].classes,
        provenance=provenance,
    )


def _evaluation(connection: Connection, of: ComparedTrial) -> Evaluation:
    [found] = [
        evaluation
        for evaluation in evaluations_of(connection, trial=of.trial)
        if evaluation.evaluation == of.evaluation
    ]
    return found


def _confused(connection: Connection, of: ComparedTrial, evaluation: Evaluation) -> ConfusedTrial:
    jobs = job_row(connection, trial=of.trial), job_row(connection, job=evaluation.job)
    commands = [experiment_row(connection, job.experiment).provenance.command for job in jobs]
    return ConfusedTrial(**fields_of(of), confusion=evaluation.confusion, commands=commands)


def comparisons(store: Store, evaluations: Sequence[Evaluation]) -> list[Comparison]:
    """Compare the first evaluated trial with every other that has the same images.

    The p of each is multiplied by their number (Bonferroni), so that together they are at most
    as often wrong as one.
    """
    if not evaluations:
        return []
    split = evaluations[0].split
    trials = dict.fromkeys(row.trial for row in evaluations if row.split == split)
    first, *others = [_predictions(store, trial, split) for trial in trials]
    found = [compared(split, first, other) for other in others if same_images(first, other)]
    return [_strictly(one, len(found)) for one in found]


def _strictly(comparison: Comparison, tests: int) -> Comparison:
    p = min(1.0, comparison.p * tests)
    return replace(comparison, p=p, noise=is_noise(p))


def same_images(first: Predictions, second: Predictions) -> bool:
    """Tell whether two evaluations are of the same images, in the same order."""
    return first.data_fingerprint == second.data_fingerprint and np.array_equal(
        first.labels, second.labels
    )


def compared(split: str, first: Predictions, second: Predictions) -> Comparison:
    """Return the counts of a comparison on the same images, the difference and its test."""
    rights = [of.predictions == of.labels for of in (first, second)]
    images = len(first.labels)
    only_first = int((rights[0] & ~rights[1]).sum())
    only_second = int((rights[1] & ~rights[0]).sum())
    p = mcnemar(only_first, only_second)
    return Comparison(
        split=split,
        images=images,
        trials=[
            ComparedTrial(
                trial=of.trial,
                evaluation=of.evaluation,
                accuracy=of.accuracy,
                accuracy_interval=accuracy_interval(of.accuracy, images),
            )
            for of in (first, second)
        ],
        both_right=int((rights[0] & rights[1]).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=int((~rights[0] & ~rights[1]).sum()),
        difference=(only_first - only_second) / images,
        difference_interval=paired_interval(only_first, only_second, images),
        p=p,
        noise=is_noise(p),
    )


def verdict(comparison: Comparison) -> str:
    """Return in words whether two trials differ."""
    first, second = (of.trial for of in comparison.trials)
    difference, (low, high) = comparison.difference, comparison.difference_interval
    size = f"{difference:+.4f}, from {low:+.4f} to {high:+.4f} with 95 %"
    test = f"McNemar's exact p {comparison.p:.2g}"
    if comparison.noise:
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
