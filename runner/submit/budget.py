"""Limit what a tune may use, checked before a row is written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cifar_model.networks.network import Network
from cifar_model.params import defaults, rules_of
from cifar_model.spaces.space import Grid, Range, candidates_of
from runner.errors import InputError
from runner.store.lifecycle.experiments import NewExperiment
from runner.submit.experiments import Training


@dataclass(frozen=True, slots=True)
class Budget:
    """No job begins after so many hours, nor one that would make it more epochs than these."""

    hours: float | None = None
    epochs: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what the configuration of an experiment says of it."""
        given = {"hours": self.hours, "epochs_total": self.epochs}
        return {name: value for name, value in given.items() if value is not None}


def with_budget(
    new: NewExperiment, training: Training, grid: Grid, budget: Budget
) -> NewExperiment:
    """Return an experiment that ends when its budget is spent."""
    if budget.hours is not None and not (math.isfinite(budget.hours) and budget.hours > 0):
        raise InputError(
            f"--hours {budget.hours:g} is not above 0",
            "a number above 0, such as 0.5 or 2",
            "correct --hours",
        )
    if budget.epochs is not None:
        _check_epochs(training, grid, budget.epochs)
    return replace(new, configuration={**new.configuration, **budget.to_json()})


def _check_epochs(training: Training, grid: Grid, epochs: int) -> None:
    network = training.network
    if "epochs" not in rules_of(network):
        raise InputError(
            f"--epochs-total: the trainer {network.name} has no param epochs",
            "a trainer with a param of that name, or a network",
            "omit --epochs-total; --hours and --trials limit a search as well",
        )
    fewest = training.epochs or _fewest(grid, network)
    if epochs < fewest:
        raise InputError(
            f"--epochs-total {epochs} is less than one trial: it has {fewest} epochs or more",
            f"a whole number from {fewest}",
            "give more epochs in total, or fewer to each trial",
        )


def _fewest(grid: Mapping[str, Any], network: Network) -> int:
    """Return the fewest epochs that a point of a grid has."""
    if "epochs" not in grid:
        return int(defaults(network)["epochs"] or 1)
    found = candidates_of(grid["epochs"])
    if isinstance(found, Range):
        return int(found.low)
    if isinstance(found, tuple):
        return int(min(found[:2]))
    return min(int(value) for value in found if isinstance(value, int | float))
