"""Which jobs still have to be sent to a queue, and which were."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, exists, literal_column, select, update

from runner.store.engine import Store
from runner.store.schema import Experiment, Job, ago, now

# Written out, so that the database sees that its index of pending jobs has them all.
PENDING: ColumnElement[str] = literal_column("'pending'")


def not_paused() -> ColumnElement[bool]:
    """Return the condition that a job's experiment is not paused."""
    return ~exists().where(Experiment.id == Job.experiment_id, Experiment.paused_at.is_not(None))


def unsent(store: Store, limit: int, *, begun: bool = False) -> list[int]:
    """Return the oldest jobs that are pending and on no queue; of all, or of the begun ones."""
    statement = (
        select(Job.id)
        .where(
            Job.state == PENDING,
            Job.enqueued_at.is_(None),
            Job.cancel_requested_at.is_(None),
            not_paused(),
        )
        .order_by(Job.id)
        .limit(limit)
    )
    if begun:
        statement = statement.where(Job.attempts > 0)
    with store.read() as connection:
        return list(connection.scalars(statement))


def mark_sent(store: Store, job_ids: Sequence[int]) -> None:
    """Note that a message for each of these jobs is on a queue."""
    _mark(store, job_ids, now())


def mark_unsent(store: Store, job_ids: Sequence[int]) -> None:
    """Note that these jobs are on no queue any more; they are sent again."""
    _mark(store, job_ids, None)


def sent_jobs(store: Store, seconds: float) -> list[int]:
    """Return the jobs that were sent so many seconds ago or more and that nobody has claimed.

    Those of the future are among them: the database's clock was set back since they were sent.
    """
    long_ago = (Job.enqueued_at <= ago(seconds)) | (Job.enqueued_at > now())
    statement = select(Job.id).where(Job.state == PENDING, long_ago, not_paused()).order_by(Job.id)
    with store.read() as connection:
        return list(connection.scalars(statement))


def _mark(store: Store, job_ids: Sequence[int], enqueued_at: now | None) -> None:
    if not job_ids:
        return
    statement = (
        update(Job)
        .where(Job.id == bindparam("job"), Job.state == PENDING)
        .values(enqueued_at=enqueued_at)
    )
    with store.write() as connection:
        connection.execute(statement, [{"job": job_id} for job_id in job_ids])
