"""Compare the explanations of the same images in several experiments, each with each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import fmean
from typing import Any

from cifar_model.data import Description
from runner.reports.explanation.difference import (
    Summary,
    check_datasets,
    explain_row,
    explained_images,
    no_common_image,
    summary,
)
from runner.reports.explanation.pairs import explanation_pairs
from runner.reports.formats.csv_file import csv_file
from runner.reports.lookup import job_row
from runner.reports.model import Note, Part, Report, Table, titled
from runner.reports.records import Interval, fields_of, values
from runner.reports.stats.uncertainty import known_interval
from runner.store.engine import Store
from runner.store.queries.rows import ExperimentRow, JobRow


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much the explanations of an experiment have in common with those of the others.

    The measures are means over the other experiments; None if nothing could be compared.
    """

    experiment: int
    trial: int | None
    method: str | None
    seed: int
    val_accuracy: float | None
    val_accuracy_interval: Interval | None
    shared_weight: float | None
    shared_weight_chance: float | None
    shared_weight_signed: float | None
    shared_weight_signed_chance: float | None
    rank_correlation: float | None


# Python does not allow two base classes with non-empty slots, so this has empty slots.
@dataclass(frozen=True)
class OfPair:
    """The numbers of two experiments."""

    __slots__ = ()

    experiments: list[int]


@dataclass(frozen=True, slots=True)
class ExperimentPair(Summary, OfPair):
    """The differences between the explanations of two of the experiments."""


@dataclass(frozen=True, slots=True)
class AgreementDocument:
    """Several experiments that explain images of one data set, the most accurate trial first.

    `shared_weight`, `shared_weight_chance` and so on are means over all pairs of experiments.
    """

    dataset: Description
    pictures: int
    shared_weight: float | None
    shared_weight_chance: float | None
    shared_weight_signed: float | None
    shared_weight_signed_chance: float | None
    rank_correlation: float | None
    experiments: list[Agreement]
    pairs: list[ExperimentPair]
    files: list[str] = field(default_factory=list)


MEASURES = (
    *("shared_weight", "shared_weight_chance", "shared_weight_signed"),
    *("shared_weight_signed_chance", "rank_correlation"),
)


def agreement_document(store: Store, numbers: Sequence[int]) -> AgreementDocument:
    """Compare the explanations of several experiments, on the images that all of them explain.

    Raises InputError if one is not of kind explain, or if they have no image in common.
    """
    with store.read() as connection:
        rows = [explain_row(connection, number) for number in numbers]
        for row in rows[1:]:
            check_datasets([rows[0], row])
    found = compared(store, rows)
    if found is None:
        raise no_common_image(numbers)
    return found


def compared(store: Store, rows: Sequence[ExperimentRow]) -> AgreementDocument | None:
    """Compare experiments that explain images of one data set; None without a common image."""
    numbers, dataset = [row.id for row in rows], rows[0].configuration.dataset
    with store.read() as connection:
        found = [explained_images(connection, number, dataset.classes) for number in numbers]
        trials = [job_row(connection, trial=row.configuration.trial) for row in rows]
    common = set.intersection(*(set(images) for images in found))
    if not common:
        return None
    explained = {
        number: {image: images[image] for image in common}
        for number, images in zip(numbers, found, strict=True)
    }
    pairs = [
        ExperimentPair(
            [first, second],
            **fields_of(
                summary(list(explanation_pairs(store, explained[first], explained[second])))
            ),
        )
        for first, second in combinations(numbers, 2)
    ]
    experiments = [_agreement(row, trial, pairs) for row, trial in zip(rows, trials, strict=True)]
    return AgreementDocument(
        dataset=dataset,
        pictures=len(common),
        **_means(pairs),
        experiments=sorted(experiments, key=lambda of: -(of.val_accuracy or 0)),
        pairs=pairs,
    )


def _agreement(row: ExperimentRow, trial: JobRow, pairs: Iterable[ExperimentPair]) -> Agreement:
    images = trial.dataset.images.validation if trial.dataset else 0
    return Agreement(
        experiment=row.id,
        trial=row.configuration.trial,
        method=row.configuration.method,
        seed=row.seed,
        val_accuracy=trial.val_accuracy,
        val_accuracy_interval=known_interval(trial.val_accuracy, images),
        **_means([pair for pair in pairs if row.id in pair.experiments]),
    )


def _means(pairs: Sequence[ExperimentPair]) -> dict[str, Any]:
    """Return the mean of each measure over some pairs."""
    return {name: _mean(pairs, name) for name in MEASURES}


def _mean(pairs: Iterable[ExperimentPair], name: str) -> float | None:
    """Return the mean of a measure over the pairs that have it."""
    measured = [getattr(pair, name) for pair in pairs]
    known = [value for value in measured if value is not None]
    return fmean(known) if known else None


EXPERIMENTS = (
    *("experiment", "trial", "val_accuracy", "val_accuracy_interval", *MEASURES, "method", "seed"),
)
PAIRS = ("experiments", "shared_weight", "shared_weight_interval", *MEASURES[1:], "compared")
MEANING = (
    "The measures of an experiment are means over the others: how much its explanations have in"
    " common with theirs. They are those of `runner diff` with two experiments. The trial with the"
    " highest val_accuracy is first."
)


def agreement_report(document: AgreementDocument) -> Report:
    """Return the report of a comparison of several experiments."""
    numbers = ", ".join(str(of.experiment) for of in document.experiments)
    return Report(
        titled(document.dataset, f"Explanations of experiments {numbers}"),
        document,
        lay_out=lambda _: agreement_parts(document),
        texts={"csv": lambda: _spreadsheet(document)},
    )


def agreement_parts(document: AgreementDocument) -> list[Part]:
    """Return how much all have in common, then each experiment, then each pair of them."""
    experiments = [values(of, EXPERIMENTS) for of in document.experiments]
    pairs = [values(of, PAIRS) for of in document.pairs]
    return [
        Note(_in_common(document)),
        Table(titled(document.dataset, "Experiments"), EXPERIMENTS, experiments, sortable=True),
        Note(MEANING),
        Table(titled(document.dataset, "Pairs of experiments"), PAIRS, pairs, sortable=True),
    ]


def _in_common(document: AgreementDocument) -> str:
    shared = [pair.shared_weight for pair in document.pairs if pair.shared_weight is not None]
    if document.shared_weight is None:
        return "No two explanations could be compared."
    images = f"{document.pictures:,} image{'s' * (document.pictures != 1)}"
    return (
        f"Shared weight of any two of {len(document.experiments)} experiments, mean of"
        f" {len(shared)} pairs on {images}: {document.shared_weight:.3f} ({min(shared):.3f} to"
        f" {max(shared):.3f} from pair to pair); {document.shared_weight_chance:.3f} is expected by"
        " chance."
    )


def _spreadsheet(document: AgreementDocument) -> str:
    dataset = [document.dataset.title, document.dataset.fingerprint]
    columns = [name for name in PAIRS[1:] if name != "shared_weight_interval"]
    names = ("first_experiment", "second_experiment", *columns, "dataset", "fingerprint")
    rows = [[*pair.experiments, *values(pair, columns), *dataset] for pair in document.pairs]
    return csv_file(list(names), rows)
