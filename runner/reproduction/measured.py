"""One measured value of ours, and whether the paper's agrees with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.reports.experiment.document import Document
from runner.reports.stats.uncertainty import accuracy_interval
from runner.reproduction.advance import Reproduction

Row = Mapping[str, Any]


class Missing(Exception):  # noqa: N818 (no error: a step that has no result yet)
    """Say that a step that an output needs has no result yet."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with the interval and number of images that it has if it is a share of them.

    `exact` values have no sampling error: they are the paper's or they are not.
    """

    value: Any
    interval: list[float] | None = None
    images: int | None = None
    exact: bool = False

    def agrees(self, paper: Any) -> bool | None:
        """Tell whether the paper's value lies in the interval; None if that cannot be asked."""
        if paper is None or self.value is None:
            return None
        if self.exact:
            return bool(self.value == paper)
        # A formula and a wish for the future lie in no interval.
        if self.interval is None or not isinstance(paper, int | float):
            return None
        return bool(self.interval[0] <= paper <= self.interval[1])


Values = dict[str, Measured]


def share(accuracy: float, images: int) -> Measured:
    """Return an accuracy of so many images with its Wilson interval."""
    return Measured(accuracy, accuracy_interval(accuracy, images), images)


def exact(value: Any) -> Measured:
    """Return a value that has no sampling error."""
    return Measured(value, exact=True)


@dataclass(frozen=True, eq=False)
class Sources:
    """Hold what there is by the names of steps: experiments, what is left, and the documents.

    Only steps that have ended have a document; of a step with a failed job, it has the rest.
    """

    reproduction: Reproduction
    experiments: Mapping[str, int]
    unfinished: Mapping[str, dict[str, int] | None]
    documents: Mapping[str, Document]

    def __getitem__(self, step: str) -> Document:
        """Return a step's document; raise Missing if it has no result yet."""
        if step not in self.documents:
            raise Missing(step)
        return self.documents[step]

    def trial(self, step: str) -> Row:
        """Return the (best) trial of a step that trains."""
        trial: Row = self[step]["trials"][0]
        if trial["trial"] is None:
            raise Missing(step)
        return trial

    def evaluation(self, step: str) -> Row:
        """Return the evaluation that a step made."""
        if not self[step]["evaluations"]:
            raise Missing(step)
        evaluation: Row = self[step]["evaluations"][0]
        return evaluation
