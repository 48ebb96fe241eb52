"""How a search chose the points of an experiment, and how far it came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner.searches import (
    Objective,
    constraints_of,
    is_deterministic,
    objectives_of,
    sampler_of,
)
from runner.specs import Configuration
from runner.store.lifecycle.tuning.asking import ENDS


@dataclass(frozen=True, slots=True)
class Search:
    """The sampler that draws the points of an experiment while trials are trained.

    `trials` is the number that was asked for, `asked` how many have a point. `ended` is why the
    search ended before all had one.
    """

    sampler: str
    objectives: Sequence[str]
    constraints: Sequence[str]
    deterministic: bool
    trials: int
    asked: int
    ended: str | None


@dataclass(frozen=True, slots=True)
class Searched:
    """What a summary needs of a job: whether it has a point, and why it ended."""

    has_point: bool
    reason: str | None


def search_of(configuration: Configuration, jobs: Iterable[Searched]) -> Search | None:
    """Return a summary of an experiment's search; None if its points were drawn before."""
    stored = configuration.stored
    sampler = sampler_of(stored)
    if sampler is None:
        return None
    every, folds = list(jobs), stored.get("folds", 1)
    return Search(
        sampler=sampler,
        objectives=[aim(each) for each in objectives_of(stored)],
        constraints=[each.text for each in constraints_of(stored)],
        deterministic=is_deterministic(stored),
        trials=len(every) // folds,
        asked=sum(job.has_point for job in every) // folds,
        ended=next((job.reason for job in every if job.reason in ENDS), None),
    )


def aim(objective: Objective) -> str:
    """Return an objective in words."""
    return f"{'minimize' if objective.minimize else 'maximize'} {objective.metric}"


def search_line(search: Search) -> str:
    """Return a summary of a search for people."""
    words = [f"search: {search.sampler}, {', '.join([*search.objectives, *search.constraints])}"]
    words += ["deterministic"] if search.deterministic else []
    words += [f"{search.asked:,} of {search.trials:,} points drawn"]
    words += [search.ended] if search.ended else []
    return "; ".join(words)
