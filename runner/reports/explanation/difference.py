"""Compare the explanations of the same images in two experiments: `runner diff`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import TypeVar

from cifar_model.data import Description
from runner.errors import InputError
from runner.reports.explanation.pairs import WITH_INTERVAL, Pair, explanation_pairs
from runner.reports.explanation.rows import explanations_of
from runner.reports.lookup import experiment_row, job_row
from runner.reports.records import (
    CheckedCondition,
    Explanation,
    Interval,
    fields_of,
)
from runner.reports.stats.uncertainty import mean_interval
from runner.states import JobState, Kind
from runner.store.engine import Connection, Store
from runner.store.queries import reports
from runner.store.queries.rows import ExperimentRow

# The settings that can differ between two experiments that explain the same images.
ASKED = ("trial", "method", "segmentation", "samples", "labels", "seed")


@dataclass(frozen=True, slots=True)
class ExplainExperiment:
    """The settings of an `explain` experiment and its number of jobs."""

    experiment: int
    command: str
    trial: int | None
    method: str | None
    segmentation: str | None
    samples: int | None
    labels: list[str] | None
    seed: int
    trained_on: str
    jobs: int
    jobs_without_result: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of compared and excluded pairs, and the means over images."""

    compared: int
    compared_pictures: int
    void: int
    nothing_shown: int
    no_common_class: int
    shared_weight: float | None
    shared_weight_chance: float | None
    shared_weight_signed: float | None
    shared_weight_signed_chance: float | None
    overlap: float | None
    rank_correlation: float | None
    sign_flips: float | None
    shared_weight_interval: Interval | None
    shared_weight_signed_interval: Interval | None
    overlap_interval: Interval | None
    rank_correlation_interval: Interval | None
    sign_flips_interval: Interval | None


# Python does not allow two base classes with non-empty slots, so these have empty slots.
@dataclass(frozen=True)
class OfClass:
    """A true class and its rank; the class that changed most has rank 1."""

    __slots__ = ()

    rank: int | None
    true_class: str


@dataclass(frozen=True)
class OfExperiments:
    """Two experiments that explain images of one data set, and the settings that differ."""

    __slots__ = ()

    dataset: Description
    experiments: list[ExplainExperiment]
    differ_in: list[str]
    pictures: int


@dataclass(frozen=True, slots=True)
class ClassDifference(Summary, OfClass):
    """The differences between the explanations of images of one class."""


@dataclass(frozen=True, slots=True)
class DifferenceDocument(Summary, OfExperiments):
    """The differences between the explanations of two experiments, by image and by class."""

    other_segments: int
    classes: list[ClassDifference]
    pairs: list[Pair]
    files: list[str] = field(default_factory=list)
    conditions: list[CheckedCondition] = field(default_factory=list)


T = TypeVar("T", Pair, ClassDifference)


def difference_document(store: Store, experiments: tuple[int, int]) -> DifferenceDocument:
    """Compare the explanations of two experiments, by image and by class.

    Raises InputError if one is not of kind explain, or if they have no image in common.
    """
    with store.read() as connection:
        rows = [explain_row(connection, number) for number in experiments]
        first, second = (_experiment(connection, row) for row in rows)
        dataset = rows[0].configuration.dataset
        check_datasets(rows)
        found = [explained_images(connection, number, dataset.classes) for number in experiments]
    common = found[0].keys() & found[1].keys()
    if not common:
        raise no_common_image(experiments)
    pairs = list(explanation_pairs(store, *found))
    return DifferenceDocument(
        dataset=dataset,
        experiments=[first, second],
        differ_in=[name for name in ASKED if getattr(first, name) != getattr(second, name)],
        pictures=len(common),
        **fields_of(summary(pairs)),
        other_segments=sum(pair.same_segments is False for pair in pairs),
        classes=_by_class(pairs),
        pairs=pairs,
    )


def explain_row(connection: Connection, number: int) -> ExperimentRow:
    """Return an experiment; raise InputError if it is not of kind explain."""
    row = experiment_row(connection, number)
    if row.kind != Kind.EXPLAIN:
        raise InputError(
            f"experiment {number} is of kind {row.kind}",
            "two experiments of kind explain",
            "`runner status` lists experiments with their kinds",
        )
    return row


def _experiment(connection: Connection, row: ExperimentRow) -> ExplainExperiment:
    asked, jobs = row.configuration, reports.jobs(connection, experiment=row.id)
    trained = job_row(connection, trial=asked.trial)
    return ExplainExperiment(
        experiment=row.id,
        command=row.provenance.command,
        trial=asked.trial,
        method=asked.method,
        segmentation=asked.segmentation,
        samples=asked.samples,
        labels=asked.labels,
        seed=row.seed,
        trained_on=(trained.dataset or asked.dataset).title,
        jobs=len(jobs),
        jobs_without_result=sum(job.state != JobState.SUCCEEDED for job in jobs),
    )


def no_common_image(experiments: Sequence[int]) -> InputError:
    """Return the error that experiments explain no image that all of them have."""
    *others, last = map(str, experiments)
    return InputError(
        f"experiments {', '.join(others)} and {last} have no image in common",
        "experiments with some of the same --images",
        "submit one of them again with the --images of the other",
    )


def check_datasets(rows: Sequence[ExperimentRow]) -> None:
    """Raise InputError if two experiments explain images of different data sets."""
    first, second = (row.configuration.dataset for row in rows)
    if first.fingerprint != second.fingerprint:
        names = ", ".join(f"{of.title} {of.fingerprint[:12]}" for of in (first, second))
        raise InputError(
            f"experiments {rows[0].id} and {rows[1].id} explain images of"
            f" different data sets: {names}",
            "two experiments that explain images of the same data set",
            "`runner submit explain --dataset` explains a trial on images of another data set",
        )


def by_image(rows: Iterable[Explanation]) -> dict[int, list[Explanation]]:
    """Return explanations by image."""
    found: dict[int, list[Explanation]] = {}
    for row in rows:
        found.setdefault(row.image, []).append(row)
    return found


def explained_images(
    connection: Connection, number: int, classes: list[str]
) -> dict[int, list[Explanation]]:
    """Return the explanations of an experiment by image."""
    found = by_image(explanations_of(connection, number, classes))
    if not found:
        raise InputError(
            f"experiment {number} has no explanations yet",
            "two experiments with results",
            f"wait for it with `runner watch {number}`",
        )
    return found


def _by_class(pairs: Sequence[Pair]) -> list[ClassDifference]:
    """Return a row for each true class; the class that changed most is first."""
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.true_class, []).append(pair)
    rows = [
        ClassDifference(None, name, **fields_of(summary(group))) for name, group in groups.items()
    ]
    return [
        *(replace(row, rank=rank) for rank, row in enumerate(most_changed(rows), start=1)),
        *(row for row in rows if not row.compared),
    ]


def most_changed(rows: Iterable[T]) -> list[T]:
    """Return the rows that were compared; the one that changed most is first."""
    # Overlap is not used: five regions are always shown, even if four of them have almost no
    # weight, so it is not informative if the network uses a single region.
    found = [(row.shared_weight, row) for row in rows if row.shared_weight is not None]
    return [row for _, row in sorted(found, key=lambda one: one[0])]


def summary(pairs: Sequence[Pair]) -> Summary:
    """Return the means over the images of some pairs."""
    shared_weight, overlap, correlation, flips, signed = (
        _of_images(pairs, name) for name in WITH_INTERVAL
    )
    return Summary(
        compared=sum(pair.left_out is None for pair in pairs),
        compared_pictures=len(shared_weight),
        void=_left_out(pairs, "void"),
        nothing_shown=_left_out(pairs, "nothing_shown"),
        no_common_class=_left_out(pairs, "no_common_class"),
        shared_weight=_mean(shared_weight),
        shared_weight_chance=_mean(_of_images(pairs, "shared_weight_chance")),
        shared_weight_signed=_mean(signed),
        shared_weight_signed_chance=_mean(_of_images(pairs, "shared_weight_signed_chance")),
        overlap=_mean(overlap),
        rank_correlation=_mean(correlation),
        sign_flips=_mean(flips),
        shared_weight_interval=_interval(shared_weight),
        shared_weight_signed_interval=_interval(signed),
        overlap_interval=_interval(overlap),
        rank_correlation_interval=_interval(correlation, lowest=-1.0),
        sign_flips_interval=_interval(flips),
    )


def _left_out(pairs: Sequence[Pair], reason: str) -> int:
    return sum(pair.left_out == reason for pair in pairs)


def _of_images(pairs: Sequence[Pair], name: str) -> list[float]:
    """Return the mean for each image, so that an image with several classes counts once."""
    found: dict[int, list[float]] = {}
    for pair in pairs:
        value = getattr(pair, name)
        if value is not None:
            found.setdefault(pair.image, []).append(value)
    return [fmean(measured) for measured in found.values()]


def _mean(shares: Sequence[float]) -> float | None:
    return fmean(shares) if shares else None


def _interval(measured: Sequence[float], lowest: float = 0.0) -> Interval | None:
    if len(measured) < 2:
        return None
    low, high = mean_interval(measured)
    return [max(lowest, low), min(1.0, high)]
