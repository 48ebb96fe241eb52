"""Warnings about an experiment: trials that are too short, options without effect."""

import math
from collections.abc import Sequence

from runner.reports.stats.uncertainty import accuracy_interval
from runner.searches import reduction_interval
from runner.specs import Configuration, is_trainer
from runner.states import Kind
from runner.store.engine import Connection
from runner.store.queries import reports
from runner.store.queries.schedules import Schedule, schedules

# The number of steps needed, in units of 1 / (1 - momentum).
ENOUGH = 4
FAST = 0.9


def experiment_warnings(
    connection: Connection, experiment: int, kind: str, configuration: Configuration
) -> list[str]:
    """Return the warnings about an experiment, one line each."""
    match kind:
        case Kind.TRAIN | Kind.TUNE if is_trainer(configuration.network):
            return []
        case Kind.TRAIN | Kind.TUNE:
            found = schedules(connection, experiment)
            images = configuration.dataset.images.train
            short = configuration.takes("batch_norm_momentum")
            return [
                *(training_warnings(found, images) if short else []),
                *patience_warnings(found),
                *reduction_warnings(reduction_interval(configuration.stored), found),
            ]
        case Kind.EXPLAIN:
            return explanation_warnings(connection, configuration)
        case _:
            return []


def explanation_warnings(connection: Connection, configuration: Configuration) -> list[str]:
    """Return a warning if the explained trial is not significantly better than chance."""
    [job] = reports.jobs(connection, trial=configuration.trial)
    if job.val_accuracy is None or not job.dataset:
        return []
    low, high = accuracy_interval(job.val_accuracy, job.dataset.images.validation)
    chance = 1 / len(job.dataset.classes)
    if low > chance:
        return []
    warning = (
        f"trial {job.trial} is not significantly better than chance ({chance:.3f}): its validation"
        f" accuracy is {job.val_accuracy:.3f} ({low:.3f} to {high:.3f}), so its explanations do not"
        " show anything learned about the classes, regardless of their verdicts"
    )
    return [warning]


def training_warnings(found: Sequence[Schedule], train_images: int) -> list[str]:
    """Return a warning if trials have too few steps for their batch normalisation momentum."""
    short = [row for row in found if _steps(row, train_images) < _enough(row.batch_norm_momentum)]
    if not short:
        return []
    worst = min(short, key=lambda row: _steps(row, train_images) / _enough(row.batch_norm_momentum))
    steps, momentum = _steps(worst, train_images), worst.batch_norm_momentum
    count, total = (sum(row.trials for row in rows) for rows in (short, found))
    fix = "more epochs or a smaller batch_size"
    if momentum > FAST:
        # With very few steps a lower momentum alone is not enough.
        fix += f", {'or' if steps >= _enough(FAST) else 'and'} --param batch_norm_momentum={FAST}"
    which = "the trial is" if total == 1 else f"{count:,} of {total:,} trials are"
    warning = (
        f"{which} too short for batch_norm_momentum {momentum:g}: {steps:,} training steps, but"
        f" about {_enough(momentum):,} are needed, so validation scores may be near chance;"
        f" use {fix}"
    )
    return [warning]


def patience_warnings(found: Sequence[Schedule]) -> list[str]:
    """Return a warning if trials have a patience that cannot end them before their epochs do."""
    never = [row for row in found if row.patience >= row.epochs]
    if not never:
        return []
    count, total = (sum(row.trials for row in rows) for rows in (never, found))
    which = "the trial" if total == 1 else f"{count:,} of {total:,} trials"
    warning = (
        f"patience={never[0].patience} has no effect in {never[0].epochs} epochs ({which}):"
        " use a patience below the number of epochs"
    )
    return [warning]


def reduction_warnings(interval: int | None, found: Sequence[Schedule]) -> list[str]:
    """Return a warning if a grid is to be reduced after as many trials as it has, or more."""
    trials = sum(row.trials for row in found)
    if interval is None or interval < trials:
        return []
    warning = (
        f"--reduce has no effect: it removes points after every {interval:,} trials, and the"
        f" experiment has {trials:,}; use a --reduce-every below the number of trials"
    )
    return [warning]


def _steps(schedule: Schedule, images: int) -> int:
    return schedule.epochs * math.ceil(images / schedule.batch_size)


def _enough(momentum: float) -> int:
    return round(ENOUGH / (1 - momentum))


def equal_points(configuration: Configuration) -> str | None:
    """Return a message about sampled points that are equal; None if all are distinct."""
    sampled, different = configuration.sampled, configuration.different
    if sampled == different:
        return None
    epochs = configuration.epochs
    override = "" if epochs is None else f" with --epochs {epochs}"
    return f"{sampled} points, {different} distinct{override}: equal points are trained once"
