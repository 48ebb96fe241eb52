"""The trials that no other trial beats in every objective of an experiment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cifar_model.objective import score
from runner.reports.model import Note, Part, Table
from runner.reports.records import Trial
from runner.searches import Constraint, Objective


@dataclass(frozen=True, slots=True)
class ParetoTrial:
    """A trial of the Pareto front, with the value of every objective."""

    trial: int
    values: Mapping[str, float]


def violates(trial: Trial, constraints: Sequence[Constraint]) -> bool:
    """Return whether a trial does not keep a constraint, or has no value for it."""
    values = [(bound, score(trial, bound.metric)) for bound in constraints]
    return any(value is None or not bound.holds(value) for bound, value in values)


def pareto_front(
    trials: Sequence[Trial], objectives: Sequence[Objective]
) -> list[ParetoTrial] | None:
    """Return the Pareto front, by the first objective; None unless there are several objectives.

    The trials are those that were trained to their end and keep the constraints.
    """
    if len(objectives) < 2:
        return None
    compared = [
        (trial.trial, known)
        for trial in trials
        if trial.trial is not None and (known := _values(trial, objectives)) is not None
    ]
    signed = [
        [known[each.metric] * (1 if each.minimize else -1) for each in objectives]
        for _, known in compared
    ]
    front = [
        (losses, ParetoTrial(trial, known))
        for losses, (trial, known) in zip(signed, compared, strict=True)
        if not any(_dominates(other, losses) for other in signed)
    ]
    return [found for _, found in sorted(front, key=lambda pair: pair[0])]


def _values(trial: Trial, objectives: Sequence[Objective]) -> dict[str, float] | None:
    found = {each.metric: score(trial, each.metric) for each in objectives}
    known = {name: value for name, value in found.items() if value is not None}
    return known if len(known) == len(found) else None


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether one is nowhere worse than the other, and somewhere better."""
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def pareto_parts(
    title: str, front: Sequence[ParetoTrial] | None, objectives: Sequence[Objective]
) -> list[Part]:
    """Return the table of a Pareto front; nothing if there is none."""
    if front is None:
        return []
    names = [each.metric for each in objectives]
    rows = [[each.trial, *(each.values[name] for name in names)] for each in front]
    return [
        Table(title, ["trial", *names], rows),
        Note("Pareto front: no other trial is as good in every objective and better in one."),
    ]


def aim_notes(
    trials: Sequence[Trial], objectives: Sequence[Objective], constraints: Sequence[Constraint]
) -> list[Note]:
    """Return notes on objectives that are not reproducible, and on trials beyond a bound."""
    names = [each.metric for each in objectives if not each.is_reproducible]
    found = [
        Note(f"{name} is not reproducible: it depends on the machine and on what else it does.")
        for name in names
    ]
    trained = [trial for trial in trials if trial.trial is not None]
    beyond = sum(violates(trial, constraints) for trial in trained)
    if beyond:
        bounds = ", ".join(each.text for each in constraints)
        found.append(
            Note(f"{beyond} of {len(trained)} trials do not meet {bounds}: they have no rank.")
        )
    return found
