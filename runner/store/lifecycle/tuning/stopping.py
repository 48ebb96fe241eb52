"""Stop trials early: at an epoch's end, a trial asks the store whether to go on.

No process coordinates them. Each answer is recorded as an event in the transaction that found it,
and compares the trial with those that were asked at the same epoch before: the order of the events
is the order of the reports, and a trial that is resumed gets the answer that it had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from cifar_model.objective import is_smaller_better, objective, reported_in
from runner.store.engine import Store
from runner.store.lifecycle.attempts import Claim, beat
from runner.store.lifecycle.events import record_event
from runner.store.lifecycle.tuning.folding import WILCOXON
from runner.store.schema import Epoch, Event, Experiment, Job

# The first three are asked at the end of a trial's epochs, the last at the end of a fold.
RULES = ("median", "asha", "hyperband", WILCOXON)

# Successive halving keeps one of so many trials at each rung.
REDUCTION = 3
# The median rule compares with at least so many trials, as Optuna's does by default.
STARTUP_TRIALS = 5

GOES_ON, STOPS = "continued", "stopped_early"


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial reports at an epoch's end, and its best so far; larger is better."""

    value: float
    best: float


def is_asked(rule: str, number: int, epoch: int, epochs: int) -> bool:
    """Return whether a job of this number asks after an epoch; never after the last."""
    if rule == WILCOXON or epoch >= epochs:
        return False
    if rule == "median":
        return epoch > 1
    rung: int = REDUCTION ** bracket(rule, number, epochs)
    while rung < epoch:
        rung *= REDUCTION
    return rung == epoch


def bracket(rule: str, number: int, epochs: int) -> int:
    """Return the bracket of a job: its first rung is at epoch REDUCTION ** bracket.

    ASHA has one. Those of Hyperband take turns, and a trial competes only within its own.
    """
    brackets = 1
    while rule == "hyperband" and REDUCTION**brackets < epochs:
        brackets += 1
    return (number - 1) % brackets


def goes_on(rule: str, report: Report, others: Sequence[float]) -> bool:
    """Return whether a trial goes on, given what others reported at the same epoch before it."""
    if rule == "median":
        return len(others) < STARTUP_TRIALS or bool(report.best >= median(others))
    better = sum(value > report.value for value in others)
    # The first at a rung goes on: there is nothing to compare it with.
    return better < max(1, (len(others) + 1) // REDUCTION)


def asks_to_stop(store: Store, claim: Claim, rule: str, epoch: int, epochs: int) -> bool | None:
    """Return whether a trial ends after one of its epochs; None if its attempt is not open."""
    if not is_asked(rule, claim.number, epoch, epochs):
        return False
    where = f"epoch {epoch}, bracket {bracket(rule, claim.number, epochs) + 1} of {rule}"
    with store.write() as connection:
        if not beat(connection, claim.key):
            return None
        asked = Event.name.in_((GOES_ON, STOPS)) & (Event.detail == where)
        answers = select(Event.name).where(asked, Event.job_id == claim.job_id)
        answer = connection.scalar(answers)
        if answer is None:
            # One at a time, so that whoever is asked later sees what was reported before.
            chosen = select(Experiment.id).where(Experiment.id == claim.experiment_id)
            connection.execute(chosen.with_for_update()).all()
            report = _report(connection, claim.job_id, epoch)
            others = _others(connection, claim, epoch, asked)
            answer = GOES_ON if goes_on(rule, report, others) else STOPS
            record_event(connection, [claim.job_id], answer, attempt=claim.attempt, detail=where)
    return answer == STOPS


def _report(connection: Connection, job_id: int, epoch: int) -> Report:
    own = select(Epoch.__table__).where(Epoch.job_id == job_id, Epoch.epoch <= epoch)
    values = [_value({**row}) for row in connection.execute(own.order_by(Epoch.epoch)).mappings()]
    return Report(values[-1], max(values))


def _others(
    connection: Connection, claim: Claim, epoch: int, asked: ColumnElement[bool]
) -> list[float]:
    """Return what the other trials reported that were asked here before."""
    query = (
        select(Epoch.__table__)
        .join(Job, Job.id == Epoch.job_id)
        .where(
            Job.experiment_id == claim.experiment_id,
            Job.id != claim.job_id,
            Epoch.epoch == epoch,
            Job.id.in_(select(Event.job_id).where(asked)),
        )
    )
    return [_value({**row}) for row in connection.execute(query).mappings()]


def _value(row: Mapping[str, Any]) -> float:
    """Return the metric of an epoch by which trials are ranked, with its sign so that more wins."""
    metrics = reported_in(row)
    metric = objective(metrics)
    return -metrics[metric] if is_smaller_better(metric) else metrics[metric]
