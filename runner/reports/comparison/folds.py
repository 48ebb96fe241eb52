"""Compare two k-folds on the same folds: whether the settings differ significantly."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from runner.errors import InputError
from runner.reports.lookup import experiment_row
from runner.reports.records import Interval, fields_of
from runner.reports.stats.uncertainty import fold_interval, fold_test, is_noise, sign_test
from runner.specs import Provenance
from runner.store.engine import Connection, Store
from runner.store.queries import reports
from runner.store.queries.rows import EvaluationRow, ExperimentRow

ASSUMPTIONS = (
    "The t test is Nadeau and Bengio's corrected resampled t: it takes the differences of the folds"
    " for normal, and allows for what folds share by 1/K + 1/(K-1) in the place of 1/K. The sign"
    " test is exact and asks only which is better on each fold, so it sees less: of five folds all"
    " must agree for p 0.0625. It takes the folds for independent."
)


@dataclass(frozen=True, slots=True)
class KFold:
    """An experiment that scored a trial's params on each fold, and the mean with its interval."""

    experiment: int
    trial: int | None
    accuracies: list[float]
    mean: float
    interval: Interval
    command: str


@dataclass(frozen=True, slots=True)
class FoldDifferences:
    """The first's accuracy less the second's on each fold, and two tests of their mean."""

    differences: list[float]
    difference: float
    difference_interval: Interval
    p: float
    first_better: int
    second_better: int
    sign_p: float
    noise: bool


# Python refuses two bases that both have slots of their own: what comes first has none.
@dataclass(frozen=True)
class OfFolds:
    """The title of a data set, its fingerprint, and the k-folds on it that are compared."""

    __slots__ = ()

    dataset: str
    data_fingerprint: str
    folds: int
    experiments: list[KFold]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class FoldComparisonDocument(FoldDifferences, OfFolds):
    """How the accuracies of two k-folds differ; the provenance is the second's."""


def fold_comparison_document(store: Store, experiments: tuple[int, int]) -> FoldComparisonDocument:
    """Return how the accuracies of two experiments differ from fold to fold.

    Raises InputError if one is no k-fold, is not done, or has other folds.
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
            "two with the same data set, divided into as many folds",
            "submit one of them again with the --folds and the data set of the other",
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
    """Return the differences of accuracies on the same folds, and their two tests."""
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


def fold_verdict(document: FoldComparisonDocument) -> str:
    """Return in words whether two settings differ."""
    first, second = (of.experiment for of in document.experiments)
    difference, (low, high) = document.difference, document.difference_interval
    size = (
        f"the mean accuracy of experiment {first} less that of {second} is {difference:+.4f}, from"
        f" {low:+.4f} to {high:+.4f} with 95 %; corrected resampled t p {document.p:.2g};"
        f" exact sign test p {document.sign_p:.2g}"
        f" ({document.first_better} folds to {document.second_better})"
    )
    if document.noise:
        return f"Not significant: {size}."
    better, worse = (first, second) if difference > 0 else (second, first)
    return f"Experiment {better} is significantly better than experiment {worse}: {size}."


def _wanted(row: ExperimentRow) -> int:
    """Return how many folds an experiment has."""
    folds = row.configuration.folds
    if folds is None:
        raise InputError(
            f"experiment {row.id} has no folds: it is of kind {row.kind}",
            "two experiments that `runner submit evaluate --folds` made",
            "name two such experiments; `runner status` lists them",
        )
    return folds


def _folds(connection: Connection, row: ExperimentRow, wanted: int) -> list[EvaluationRow]:
    """Return the evaluations of an experiment, one for each fold, in order."""
    found = reports.evaluations(connection, experiment=row.id)
    if len(found) < wanted:
        raise InputError(
            f"experiment {row.id} has {len(found)} of {wanted} folds",
            "two experiments that are done",
            f"wait for it with `runner watch {row.id}`, or try its failed jobs again with"
            f" `runner retry {row.id}`",
        )
    return found


def _images(row: ExperimentRow, folds: Sequence[EvaluationRow]) -> list[str]:
    """Return what is the same where the folds hold the same images in the same order."""
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
