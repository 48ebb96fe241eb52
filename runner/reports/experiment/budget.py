"""What the budget of an experiment bought."""

from collections.abc import Sequence
from dataclasses import dataclass

from runner.searches import budget_of
from runner.specs import Configuration
from runner.store.engine import Connection
from runner.store.lifecycle.tuning.budget import EPOCHS_SPENT, HOURS_SPENT
from runner.store.queries.rows import JobRow
from runner.store.queries.spending import spent


@dataclass(frozen=True, slots=True)
class Budget:
    """The hours and epochs that an experiment may use, and what it used.

    `ended` is what was spent first, if that left jobs without a trial.
    """

    hours: float | None
    epochs: int | None
    used_hours: float
    used_epochs: int
    trials: int
    ended: str | None


def budget_of_jobs(
    connection: Connection, experiment: int, configuration: Configuration, jobs: Sequence[JobRow]
) -> Budget | None:
    """Return what the budget of an experiment bought; None if it has none."""
    hours, epochs = budget_of(configuration.stored)
    if hours is None and epochs is None:
        return None
    used = spent(connection, experiment)
    return Budget(
        hours=hours,
        epochs=epochs,
        used_hours=used.seconds / 3600,
        used_epochs=used.epochs,
        trials=sum(job.trial is not None for job in jobs),
        ended=next((job.reason for job in jobs if job.reason in (HOURS_SPENT, EPOCHS_SPENT)), None),
    )


def budget_line(budget: Budget) -> str:
    """Return what a budget bought, for people."""
    limits = [] if budget.hours is None else [f"{budget.hours:g} hour{'s' * (budget.hours != 1)}"]
    limits += [] if budget.epochs is None else [_counted(budget.epochs, "epoch")]
    used = f"used {budget.used_hours:.2f} hours and {_counted(budget.used_epochs, 'epoch')}"
    trials = _counted(budget.trials, "trial")
    ended = f"; {budget.ended}" if budget.ended else ""
    return f"budget: {' or '.join(limits)}; {used} for {trials}{ended}"


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'s' * (number != 1)}"
