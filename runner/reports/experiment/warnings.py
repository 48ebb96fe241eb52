"""Warn of trials that are too short, and say which points of a grid are equal."""

import math

from runner.specs import Configuration
from runner.store.engine import Connection
from runner.store.queries.schedules import Schedule, schedules

# In units of 1 / (1 - momentum).
ENOUGH = 4
FAST = 0.9


def training_warnings(connection: Connection, experiment: int, train_images: int) -> list[str]:
    """Return at most one line about the trials that an experiment trains on so many images."""
    found = schedules(connection, experiment)
    short = [row for row in found if _steps(row, train_images) < _enough(row.batch_norm_momentum)]
    if not short:
        return []
    worst = min(short, key=lambda row: _steps(row, train_images) / _enough(row.batch_norm_momentum))
    steps, momentum = _steps(worst, train_images), worst.batch_norm_momentum
    count, total = (sum(row.trials for row in rows) for rows in (short, found))
    fix = "more epochs or a smaller batch_size"
    if momentum > FAST:
        # Of very few steps even that is not enough by itself.
        fix += f", {'or' if steps >= _enough(FAST) else 'and'} --param batch_norm_momentum={FAST}"
    which = "the trial is" if total == 1 else f"{count:,} of {total:,} trials are"
    warning = (
        f"{which} too short for batch_norm_momentum {momentum:g}: {steps:,} steps where some"
        f" {_enough(momentum):,} are needed, so validation scores may be near chance; give {fix}"
    )
    return [warning]


def _steps(schedule: Schedule, images: int) -> int:
    return schedule.epochs * math.ceil(images / schedule.batch_size)


def _enough(momentum: float) -> int:
    return round(ENOUGH / (1 - momentum))


def equal_points(configuration: Configuration) -> str | None:
    """Return a line about sampled points that are equal; None where all are different."""
    sampled, different = configuration.sampled, configuration.different
    if sampled == different:
        return None
    epochs = configuration.epochs
    override = "" if epochs is None else f" with --epochs {epochs}"
    return f"{sampled} points, {different} different{override}: equal points are trained once"
