"""What was submitted with an experiment: it never changes, so a process reads it once.

It can be large, as of a grid with many values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import URL, Connection, bindparam, select

from runner.states import Kind
from runner.store.schema import Experiment, Job

# Those of one worker are mostly of one experiment or two.
MOST_KNOWN = 16

OF_JOB = (
    select(Experiment.id, Experiment.created_at)
    .join(Job, Job.experiment_id == Experiment.id)
    .where(Job.id == bindparam("job"))
)
SUBMITTED = select(Experiment.kind, Experiment.seed, Experiment.configuration).where(
    Experiment.id == bindparam("experiment")
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What the jobs of an experiment share."""

    kind: Kind
    seed: int
    configuration: Mapping[str, Any]


# A database that was restored from a backup may have another experiment of the same number.
_known: dict[tuple[URL, int, datetime], Submitted] = {}


def submitted(connection: Connection, experiment_id: int, created_at: datetime) -> Submitted:
    """Return what was submitted with an experiment."""
    key = (connection.engine.url, experiment_id, created_at)
    found = _known.get(key)
    if found is None:
        row = connection.execute(SUBMITTED, {"experiment": experiment_id}).one()
        found = Submitted(Kind(row.kind), row.seed, row.configuration)
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = found
    return found


def submitted_with(connection: Connection, job_id: int) -> Submitted | None:
    """Return what was submitted with a job's experiment; None if there is no such job."""
    row = connection.execute(OF_JOB, {"job": job_id}).one_or_none()
    return None if row is None else submitted(connection, row.id, row.created_at)
