"""What a search is and what it has asked so far, as it is stored with an experiment's jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cifar_model.params import ParamValues
from cifar_model.spaces.space import Grid

# The values of the objectives of a trial, and then how far it is beyond each constraint.
Values = tuple[float, ...]

# By its job's number, what came of a point; None if there is no value, because the job failed.
Outcomes = Mapping[int, Values | None]


@dataclass(frozen=True, slots=True)
class Search:
    """How the points of an experiment are drawn; `lag` is that of `--deterministic`.

    `minimize` is, for each objective, whether a smaller value is better. `warm` has points and
    values of earlier trials, which the sampler is told before it draws the first.
    """

    sampler: str
    seed: int
    grid: Grid
    minimize: Sequence[bool]
    lag: int | None = None
    warm: Sequence[tuple[ParamValues, Values]] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A point that was asked for a job, and the outcomes that were told just before."""

    number: int
    point: ParamValues | None
    told: Outcomes = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as a job's configuration has it."""
        return {"point": self.point, "told": [list(pair) for pair in self.told.items()]}

    @classmethod
    def from_json(cls, number: int, stored: Mapping[str, Any]) -> "Asked":
        """Read it from a job's configuration."""
        told = {job: None if values is None else tuple(values) for job, values in stored["told"]}
        return cls(number, stored["point"], told)


def told_before(asked: Sequence[Asked], outcomes: Outcomes) -> dict[int, Values | None]:
    """Return the outcomes that no earlier ask was told, in the order in which they came."""
    known = {number for ask in asked for number in ask.told}
    return {number: value for number, value in outcomes.items() if number not in known}


def fixed_history(number: int, lag: int, outcomes: Outcomes) -> tuple[list[Asked], bool]:
    """Return what was asked before a job with `--deterministic`, and whether all of it is known.

    Before job n, the outcomes of all jobs up to n - lag are told, and of no others, in the order
    of their numbers: so it does not matter which job ended first.
    """
    history = [
        Asked(job, None, {job - lag: outcomes[job - lag]} if job - lag in outcomes else {})
        for job in range(1, number + 1)
    ]
    return history, all(job in outcomes for job in range(1, number - lag + 1))
