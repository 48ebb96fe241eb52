"""What `submit tune --reduce` asks for."""

from dataclasses import replace
from typing import Protocol

from cifar_model.spaces.reducing import INTERVAL, REDUCERS
from runner.api import checks
from runner.errors import InputError
from runner.store.lifecycle.experiments import NewExperiment


class Reducing(Protocol):
    """A request to train the points of a grid, which may be reduced."""

    @property
    def search(self) -> str:
        """Return how points are chosen."""

    @property
    def objective(self) -> object:
        """Return the objectives, if there are any."""

    @property
    def reduce(self) -> str | None:
        """Return the reducer."""

    @property
    def reduce_every(self) -> int | None:
        """Return after how many trials it decides."""


def check_reduction(request: Reducing) -> None:
    """Raise InputError for a reducer that does not fit the rest of a request."""
    if request.reduce is None:
        if request.reduce_every is not None:
            raise InputError(
                "--reduce-every is given without --reduce", "--reduce too", "omit --reduce-every"
            )
        return
    checks.one_of("reduce", request.reduce, REDUCERS)
    if request.search != "grid" or request.objective:
        raise InputError(
            "--reduce together with --search or --objective",
            "the points of a grid, ranked by the usual metric",
            "omit --reduce, or the other option",
        )
    checks.optional_number("reduce_every", request.reduce_every)


def with_reduction(new: NewExperiment, request: Reducing) -> NewExperiment:
    """Return an experiment whose grid is reduced while it is trained, if that was asked for."""
    if request.reduce is None:
        return new
    given = {"reducer": request.reduce, "interval": request.reduce_every or INTERVAL}
    return replace(new, configuration={**new.configuration, "reduce": given})
