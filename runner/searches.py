"""What the stored configuration of an experiment or a job says of a search and its objectives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cifar_model.objective import is_smaller_better


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric of trials that should be large, or small."""

    metric: str
    minimize: bool

    @property
    def is_reproducible(self) -> bool:
        """Return whether training again gives the same value."""
        return self.metric != "seconds"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A bound of a metric that trials have to keep."""

    metric: str
    operator: str
    bound: float

    @property
    def text(self) -> str:
        """Return it as `--constraint` takes it."""
        return f"{self.metric}{self.operator}{self.bound:g}"

    def holds(self, value: float) -> bool:
        """Return whether a value keeps the bound."""
        match self.operator:
            case "<":
                return value < self.bound
            case "<=":
                return value <= self.bound
            case ">":
                return value > self.bound
        return value >= self.bound

    def excess(self, value: float) -> float:
        """Return how far a value is beyond the bound; not above 0 if it keeps it."""
        beyond = value - self.bound if self.operator.startswith("<") else self.bound - value
        # A strict bound that is met exactly is not kept.
        return max(beyond, 1e-12) if not self.holds(value) else beyond


def sampler_of(configuration: Mapping[str, Any]) -> str | None:
    """Return the sampler that draws points while trials are trained; None if none does."""
    return configuration.get("search")


def reduction_interval(configuration: Mapping[str, Any]) -> int | None:
    """Return after how many trials, each time, a grid is reduced; None if it is not."""
    interval: int | None = configuration.get("reduce", {}).get("interval")
    return interval


def objectives_of(configuration: Mapping[str, Any]) -> list[Objective]:
    """Return what an experiment was submitted to improve; nothing if that was not said."""
    return [
        Objective(metric, metric in configuration["minimize"] or is_smaller_better(metric))
        for metric in configuration.get("objectives", ())
    ]


def constraints_of(configuration: Mapping[str, Any]) -> list[Constraint]:
    """Return the bounds that trials have to keep."""
    return [Constraint(*each) for each in configuration.get("constraints", ())]


def measured_by(configuration: Mapping[str, Any]) -> list[str]:
    """Return the metrics that objectives and constraints are about."""
    every: Sequence[Objective | Constraint] = [
        *objectives_of(configuration),
        *constraints_of(configuration),
    ]
    return list(dict.fromkeys(each.metric for each in every))


def budget_of(configuration: Mapping[str, Any]) -> tuple[float | None, int | None]:
    """Return the hours and the epochs that an experiment may use; None where there is no limit."""
    return configuration.get("hours"), configuration.get("epochs_total")


def is_limited(configuration: Mapping[str, Any]) -> bool:
    """Return whether a job, by its `job_configuration`, needs a point, or has to fit a budget."""
    return is_unasked(configuration) or budget_of(configuration) != (None, None)


def is_ordered(configuration: Mapping[str, Any]) -> bool:
    """Return whether what comes of an experiment depends on the order of its jobs.

    Its trials decide what is trained after them: a search, a race, a reduction, early stopping, a
    budget.
    """
    names = ("search", "confirm", "reduce", "stop", "hours", "epochs_total")
    return any(configuration.get(name) is not None for name in names)


def is_deterministic(configuration: Mapping[str, Any]) -> bool:
    """Return whether the points are the same for any number of workers."""
    return "lag" in configuration


def is_unasked(configuration: Mapping[str, Any]) -> bool:
    """Return whether a job, by its `job_configuration`, is of a search and has no point yet."""
    return "search" in configuration and "params" not in configuration
