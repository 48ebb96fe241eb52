"""Lay out what a grid contains and what it costs: `runner grid`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cifar_model.params import ParamValues
from cifar_model.rules import Json
from runner.reports.model import Note, Part, Table
from runner.reports.records import values


@dataclass(frozen=True, slots=True)
class Cost:
    """The time that the trials take on one worker, by the epochs measured on a data set.

    `seconds` is None if the number of trials is not known.
    """

    dataset: str
    train_images: int
    epochs: int
    epoch_seconds: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class GridDocument:
    """What a grid contains: `points` is None if there are infinitely many.

    `trials` is how many would be trained; `trial_epochs` is the mean number of epochs of one.
    """

    grid: Mapping[str, Json]
    network: str
    points: int | None
    search: str
    trials: int | None
    trial_epochs: float
    sample: Sequence[ParamValues]
    costs: Sequence[Cost]


COST = ("dataset", "train_images", "epochs", "epoch_seconds", "hours")


def grid_parts(document: GridDocument) -> list[Part]:
    """Return the number of points, some of them, and what the trials cost."""
    points = "infinitely many" if document.points is None else f"{document.points:,}"
    trials = "" if document.trials is None else f"; {document.trials:,} would be trained"
    names = list(dict.fromkeys(name for point in document.sample for name in point))
    rows = [[point.get(name) for name in names] for point in document.sample]
    return [
        Note(f"network: {document.network}; points: {points}{trials}"),
        Table("Some of the points", names, rows),
        *_costs(document),
    ]


def _costs(document: GridDocument) -> list[Part]:
    if not document.costs:
        return [
            Note(f"No epoch of the network {document.network} has been measured in this store yet.")
        ]
    rows = [
        [*values(cost, COST[:4]), None if cost.seconds is None else round(cost.seconds / 3600, 3)]
        for cost in document.costs
    ]
    trials = "the trials" if document.trials is None else f"{document.trials:,} trials"
    unknown = "; give --trials or --downsample for the hours" if document.trials is None else ""
    return [
        Table("Cost on one worker", list(COST), rows),
        Note(
            f"{trials} of {document.trial_epochs:.3g} epochs on average, at the mean duration of"
            f" the epochs measured on each data set{unknown}"
        ),
    ]
