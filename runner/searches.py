"""What the stored configuration of an experiment or a job says of a search."""

from collections.abc import Mapping
from typing import Any


def sampler_of(configuration: Mapping[str, Any]) -> str | None:
    """Return the sampler that draws points while trials are trained; None if none does."""
    return configuration.get("search")


def objective_of(configuration: Mapping[str, Any]) -> str | None:
    """Return the metric that a search improves."""
    return configuration.get("objective")


def is_deterministic(configuration: Mapping[str, Any]) -> bool:
    """Return whether the points are the same for any number of workers."""
    return "lag" in configuration


def is_unasked(configuration: Mapping[str, Any]) -> bool:
    """Return whether a job, by its `job_configuration`, is of a search and has no point yet."""
    return "search" in configuration and "params" not in configuration
