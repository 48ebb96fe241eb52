"""Warn of trials that end before their batch normalisation has learnt what images look like.

Its running averages begin at 0 and 1, and each step replaces a share of 1 - momentum of them. With
Keras's 0.99 it takes some 400 steps until less than 2 % of the beginning is left; before that,
validation is near chance whatever the training accuracy is.
"""

import math
from collections.abc import Mapping
from typing import Any

from runner.store.engine import Connection
from runner.store.queries.schedules import Schedule, schedules

# In units of 1 / (1 - momentum).
ENOUGH = 4
FAST = 0.9


def training_warnings(
    connection: Connection, experiment: int, configuration: Mapping[str, Any]
) -> list[str]:
    """Return at most one line about the trials that an experiment trains."""
    images = configuration["dataset"]["images"]["train"]
    found = schedules(connection, experiment)
    short = [row for row in found if _steps(row, images) < _enough(row.batch_norm_momentum)]
    if not short:
        return []
    worst = min(short, key=lambda row: _steps(row, images) / _enough(row.batch_norm_momentum))
    steps, momentum = _steps(worst, images), worst.batch_norm_momentum
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
