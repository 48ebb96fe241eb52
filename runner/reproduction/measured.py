"""The results of a reproduction's steps, and the values measured from them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeVar

from cifar_model.objective import METRICS
from cifar_model.params import ParamValues
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.records import Best, Evaluation, Interval
from runner.reports.stats.uncertainty import accuracy_interval, repeats_interval
from runner.reproduction.advance import Reproduction, is_open, submitted, unfinished
from runner.reproduction.paper_values import Content
from runner.reproduction.plan import runs

Found = TypeVar("Found")


class Missing(Exception):  # noqa: N818 (not an error: a step has no result yet)
    """Raised if a step that an output needs has no result yet."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value. If it is a share of images it has an interval and the number of images.

    `seeds` is the number of trained networks whose mean it is. `exact` values have no sampling
    error: they are compared with the paper's for equality.
    """

    value: Content | None
    interval: Interval | None = None
    images: int | None = None
    exact: bool = False
    seeds: int | None = None

    def agrees(self, paper: Content | None) -> bool | None:
        """Return whether the value agrees with the paper's; None if they cannot be compared."""
        if paper is None or self.value is None:
            return None
        if self.exact:
            return self.value == paper
        # Texts, such as formulas and "future work", cannot be compared with an interval.
        if self.interval is None or not isinstance(paper, int | float):
            return None
        low, high = self.interval
        return low <= paper <= high


Values = dict[str, Measured]


def share(accuracy: float, images: int) -> Measured:
    """Return an accuracy on a number of images with its Wilson interval."""
    return Measured(accuracy, accuracy_interval(accuracy, images), images)


def mean_share(accuracies: Sequence[float], images: int) -> Measured:
    """Return the mean of accuracies with different seeds, with an interval that covers seeds."""
    interval = repeats_interval(accuracies, images)
    return Measured(fmean(accuracies), interval, images, seeds=len(accuracies))


def exact(value: Content) -> Measured:
    """Return a value that has no sampling error."""
    return Measured(value, exact=True)


@dataclass(frozen=True, slots=True)
class BestValues:
    """The best value of each metric; they can be those of different epochs."""

    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


def _values(best: Best, step: str) -> BestValues:
    """Return the best values; raise Missing if a metric was not reported."""
    found = [getattr(best, name) for name in METRICS]
    if None in found:
        raise Missing(step)
    return BestValues(*(of.value for of in found))


@dataclass(frozen=True, slots=True)
class TrainedTrial:
    """A finished trial. Its scores are those of the last epoch."""

    trial: int
    params: ParamValues
    trained_epochs: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    best: BestValues
    model: str


@dataclass(frozen=True, eq=False)
class Sources:
    """The experiments, unfinished jobs and documents of a reproduction, by step name.

    Only steps whose jobs have all ended have a document. If some jobs failed, it has the results
    of the others.
    """

    reproduction: Reproduction
    experiments: Mapping[str, int]
    unfinished: Mapping[str, dict[str, int] | None]
    documents: Mapping[str, ExperimentDocument]

    def __getitem__(self, step: str) -> ExperimentDocument:
        """Return a step's document; raise Missing if it has no result yet."""
        if step not in self.documents:
            raise Missing(step)
        return self.documents[step]

    def trial(self, step: str) -> TrainedTrial:
        """Return the best trial of a step that trains; raise Missing if no trial is finished."""
        best = self[step].trials[0]
        if (
            best.trial is None
            or best.loss is None
            or best.accuracy is None
            or best.val_loss is None
            or best.val_accuracy is None
            or best.best is None
            or best.model is None
        ):
            raise Missing(step)
        return TrainedTrial(
            best.trial,
            best.params,
            best.trained_epochs,
            best.loss,
            best.accuracy,
            best.val_loss,
            best.val_accuracy,
            _values(best.best, step),
            best.model,
        )

    def runs(self, step: str) -> Iterator[str]:
        """Yield the names of a step and of those of its repeats that have all their results."""
        yield step
        for run in runs(step, self.reproduction.repeats)[1:]:
            if not {run, f"{run}-on-train", f"{run}-on-test"} & self.unfinished.keys():
                yield run

    def evaluation(self, step: str) -> Evaluation:
        """Return the evaluation of a step."""
        return first(step, self[step].evaluations)


def first(step: str, found: Iterable[Found]) -> Found:
    """Return the first result of a step; raise Missing if there is none."""
    for one in found:
        return one
    raise Missing(step)


def read_sources(reproduction: Reproduction) -> Sources:
    """Return the stored results of a reproduction."""
    experiments = submitted(reproduction, submit=False)
    left = unfinished(reproduction, experiments)
    documents = {
        step: report_document(reproduction.store, number)
        for step, number in experiments.items()
        if not is_open(reproduction.store, number)
    }
    return Sources(reproduction, experiments, left, documents)
