"""Compare two k-folds on the same folds: whether the settings differ significantly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from runner.errors import InputError
from runner.reports.comparison.trials import second_minus_first
from runner.reports.gate import Measure
from runner.reports.lookup import experiment_row
from runner.reports.records import CheckedCondition, Interval, fields_of
from runner.reports.stats.uncertainty import fold_interval, fold_test, is_noise, sign_test
from runner.specs import Provenance
from runner.store.engine import Connection, Store
from runner.store.queries import reports
from runner.store.queries.rows import EvaluationRow, ExperimentRow

ASSUMPTIONS = (
    "The t-test is Nadeau and Bengio's corrected resampled t-test: it assumes that the differences"
    " of the folds are normally distributed, and uses 1/K + 1/(K-1) instead of 1/K because the"
    " training sets of the folds overlap. The sign test is exact and only uses which of the two is"
    " better on each fold, so it has less power: with five folds p is at least 0.0625. It assumes"
    " that the folds are independent."
)


@dataclass(frozen=True, slots=True)
class KFold:
    """The accuracies of an `evaluate --folds` experiment, and their mean with its interval."""

    experiment: int
    trial: int | None
    accuracies: list[float]
    mean: float
    interval: Interval
    command: str


@dataclass(frozen=True, slots=True)
class FoldDifferences:
    """The first's accuracy minus the second's on each fold, and two tests of the difference."""

    differences: list[float]
    difference: float
    difference_interval: Interval
    p: float
    first_better: int
    second_better: int
    sign_p: float
    noise: bool


# Python does not allow two base classes with non-empty slots, so this one has empty slots.
@dataclass(frozen=True)
class OfFolds:
    """The data set of the two compared k-folds, and the k-folds themselves."""

    __slots__ = ()

    dataset: str
    data_fingerprint: str
    folds: int
    experiments: list[KFold]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class FoldComparisonDocument(FoldDifferences, OfFolds):
    """The comparison of two k-folds. The provenance is that of the second."""

    conditions: list[CheckedCondition] = field(default_factory=list)


def fold_comparison_document(store: Store, experiments: tuple[int, int]) -> FoldComparisonDocument:
    """Return the comparison of two experiments on the same folds.

    Raises InputError if one has no folds or has not ended, or if their folds differ.
    """
    with store.read() as connection:
        rows = [experiment_row(connection, number) for number in experiments]
        wanted = [_wanted(row) for row in rows]
        first, second = (_folds(connection, *pair) for pair in zip(rows, wanted, strict=True))
    if _images(rows[0], first) != _images(rows[1], second):
        described = ", ".join(
            f"{folds} of {row.configuration.dataset.title}"
            for row, folds in zip(rows, wanted, strict=True)
        )
        raise InputError(
            f"experiments {experiments[0]} and {experiments[1]} have different folds: {described}",
            "two experiments with the same data set and the same number of folds",
            "submit one of them again with the data set and the --folds of the other",
        )
    sides = [_k_fold(rows[0], first), _k_fold(rows[1], second)]
    dataset = rows[0].configuration.dataset
    return FoldComparisonDocument(
        dataset=dataset.title,
        data_fingerprint=dataset.fingerprint,
        folds=len(first),
        experiments=sides,
        provenance=rows[1].provenance,
        **fields_of(compared_folds(*(side.accuracies for side in sides))),
    )


def compared_folds(first: Sequence[float], second: Sequence[float]) -> FoldDifferences:
    """Return the differences of the accuracies on the same folds, and two tests of them."""
    differences = [one - other for one, other in zip(first, second, strict=True)]
    better = sum(difference > 0 for difference in differences)
    worse = sum(difference < 0 for difference in differences)
    p = fold_test(differences)
    return FoldDifferences(
        differences=differences,
        difference=fmean(differences),
        difference_interval=fold_interval(differences),
        p=p,
        first_better=better,
        second_better=worse,
        sign_p=sign_test(better, worse),
        noise=is_noise(p),
    )


def fold_measures(document: FoldComparisonDocument) -> list[Measure]:
    """Return what `--fail-if` can name: the mean accuracy of the second minus the first's."""
    first, second = (of.experiment for of in document.experiments)
    what = f"the difference in mean accuracy (experiment {second} minus experiment {first})"
    return [second_minus_first(what, document.difference, document.difference_interval)]


def fold_verdict(document: FoldComparisonDocument) -> str:
    """Return a sentence that says whether the two k-folds differ significantly."""
    first, second = (of.experiment for of in document.experiments)
    difference, (low, high) = document.difference, document.difference_interval
    size = (
        f"the difference in mean accuracy (experiment {first} minus experiment {second}) is"
        f" {difference:+.4f} (95 % interval: {low:+.4f} to {high:+.4f}); corrected resampled"
        f" t-test p = {document.p:.2g}; exact sign test p = {document.sign_p:.2g}"
        f" ({document.first_better} folds to {document.second_better})"
    )
    if document.noise:
        return f"Not significant: {size}."
    better, worse = (first, second) if difference > 0 else (second, first)
    return f"Experiment {better} is significantly better than experiment {worse}: {size}."


def _wanted(row: ExperimentRow) -> int:
    """Return the number of folds of an experiment; raise InputError if it has none."""
    folds = row.configuration.folds
    if folds is None:
        raise InputError(
            f"experiment {row.id} has no folds: it is of kind {row.kind}",
            "two experiments of `runner submit evaluate --folds`",
            "choose two such experiments; `runner status` lists all experiments",
        )
    return folds


def _folds(connection: Connection, row: ExperimentRow, wanted: int) -> list[EvaluationRow]:
    """Return the evaluations of an experiment, one per fold, in order."""
    found = reports.evaluations(connection, experiment=row.id)
    if len(found) < wanted:
        raise InputError(
            f"experiment {row.id} has results for {len(found)} of {wanted} folds",
            "two finished experiments",
            f"wait for it with `runner watch {row.id}`, or retry its failed jobs with"
            f" `runner retry {row.id}`",
        )
    return found


def _images(row: ExperimentRow, folds: Sequence[EvaluationRow]) -> list[str]:
    """Return a key that is equal if the folds contain the same images in the same order."""
    return [row.configuration.dataset.fingerprint, *(fold.labels for fold in folds)]


def _k_fold(row: ExperimentRow, folds: Sequence[EvaluationRow]) -> KFold:
    scores = [fold.accuracy for fold in folds]
    return KFold(
        experiment=row.id,
        trial=row.configuration.trial,
        accuracies=scores,
        mean=fmean(scores),
        interval=fold_interval(scores),
        command=row.provenance.command,
    )
