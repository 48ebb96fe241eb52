"""Compare two trials on the same images and test whether they differ significantly."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from cifar_model.data import Description
from runner.errors import InputError
from runner.reports.evaluation import evaluations_of
from runner.reports.gate import Measure
from runner.reports.lookup import experiment_row, job_row
from runner.reports.records import CheckedCondition, Evaluation, Interval, fields_of
from runner.reports.stats.uncertainty import accuracy_interval, is_noise, mcnemar, paired_interval
from runner.specs import Provenance
from runner.store import queries
from runner.store.engine import Connection, Store
from runner.store.queries.predictions import Predictions, newest_predictions

# What a condition of --fail-if can name.
ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class ComparedTrial:
    """A trial and the evaluation used to compare it."""

    trial: int
    evaluation: int
    accuracy: float
    accuracy_interval: Interval


@dataclass(frozen=True, slots=True)
class ConfusedTrial(ComparedTrial):
    """A compared trial with its confusion matrix and the commands that produced it."""

    confusion: list[list[int]]
    commands: list[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of two trials on the same images, with a test of the difference."""

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


# Python does not allow two base classes with non-empty slots, so this one has empty slots.
@dataclass(frozen=True)
class OfDataset:
    """The title and fingerprint of a data set."""

    __slots__ = ()

    dataset: str
    data_fingerprint: str


@dataclass(frozen=True, slots=True)
class ComparisonDocument(Comparison, OfDataset):
    """A comparison with its confusion matrices.

    The provenance is that of the second trial's evaluation.
    """

    trials: Sequence[ConfusedTrial]
    classes: list[str]
    provenance: Provenance
    conditions: list[CheckedCondition] = field(default_factory=list)


def comparison_document(store: Store, trials: tuple[int, int], split: str) -> ComparisonDocument:
    """Compare two trials on a split, using the newest evaluation of each.

    Raises InputError if one was not evaluated on the split, or if their images differ.
    """
    datasets = [Description.from_json(queries.trial(store, trial).dataset) for trial in trials]
    first, second = (_predictions(store, trial, split) for trial in trials)
    if not same_images(first, second):
        raise InputError(
            f"trials {trials[0]} and {trials[1]} were evaluated on different images:"
            f" {datasets[0].title}, {datasets[1].title}",
            "two trials with the same data set and the same splits",
            "choose two such trials; `runner show TRIAL` shows the data set of a trial",
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
    """Compare the first evaluated trial with every other trial that has the same images.

    Each p is multiplied by the number of comparisons (Bonferroni correction).
    """
    if not evaluations:
        return []
    split = evaluations[0].split
    trials = dict.fromkeys(row.trial for row in evaluations if row.split == split)
    first, *others = [_predictions(store, trial, split) for trial in trials]
    found = [compared(split, first, other) for other in others if same_images(first, other)]
    return [_strictly(one, len(found)) for one in found]


def compared_pairs(split: str, predictions: Sequence[Predictions]) -> list[Comparison]:
    """Compare every two trials that have the same images, with a Bonferroni correction."""
    pairs = [pair for pair in combinations(predictions, 2) if same_images(*pair)]
    return [_strictly(compared(split, *pair), len(pairs)) for pair in pairs]


def _strictly(comparison: Comparison, tests: int) -> Comparison:
    p = min(1.0, comparison.p * tests)
    return replace(comparison, p=p, noise=is_noise(p))


def same_images(first: Predictions, second: Predictions) -> bool:
    """Return whether two evaluations used the same images in the same order."""
    return first.data_fingerprint == second.data_fingerprint and np.array_equal(
        first.labels, second.labels
    )


def compared(split: str, first: Predictions, second: Predictions) -> Comparison:
    """Return the comparison of two sets of predictions for the same images."""
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


def measures(document: ComparisonDocument) -> list[Measure]:
    """Return what `--fail-if` can name: the accuracy of the second trial minus the first's."""
    first, second = (of.trial for of in document.trials)
    what = f"the difference in accuracy (trial {second} minus trial {first})"
    return [second_minus_first(what, document.difference, document.difference_interval)]


def second_minus_first(what: str, difference: float, interval: Interval) -> Measure:
    """Return the measure `accuracy` of a difference of the first minus the second."""
    low, high = interval
    return Measure(ACCURACY, what, 0.0 - difference, [0.0 - high, 0.0 - low])


def verdict(comparison: Comparison) -> str:
    """Return a sentence that says whether two trials differ significantly."""
    first, second = (of.trial for of in comparison.trials)
    difference, (low, high) = comparison.difference, comparison.difference_interval
    size = (
        f"the difference in accuracy (trial {first} minus trial {second}) is {difference:+.4f}"
        f" (95 % interval: {low:+.4f} to {high:+.4f}); McNemar's exact test p = {comparison.p:.2g}"
    )
    if comparison.noise:
        return f"Not significant: {size}."
    better, worse = (first, second) if difference > 0 else (second, first)
    return f"Trial {better} is significantly better than trial {worse}: {size}."


def _predictions(store: Store, trial: int, split: str) -> Predictions:
    found = newest_predictions(store, trial, split)
    if found is None:
        raise InputError(
            f"trial {trial} has no evaluation on the {split} split",
            "two trials that were both evaluated on this split",
            f"run `runner submit evaluate --trial {trial} --split {split} --wait`",
        )
    return found
