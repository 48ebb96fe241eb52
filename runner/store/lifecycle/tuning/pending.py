"""Cancel the pending jobs of an experiment that are no longer needed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update

from runner.states import JobState
from runner.store.schema import Job, now

# The id, configuration and provenance of an experiment that is locked.
LockedExperiment = Row[int, dict[str, Any], dict[str, Any]]


def cancel_pending(connection: Connection, jobs: Sequence[int], reason: str) -> None:
    """Cancel those of these jobs that are pending, for a reason."""
    each = update(Job).where(Job.id == bindparam("job"), Job.state == JobState.PENDING)
    ended = each.values(state=JobState.CANCELLED, ended_at=now(), reason=reason)
    if jobs:
        connection.execute(ended, [{"job": job} for job in jobs])
