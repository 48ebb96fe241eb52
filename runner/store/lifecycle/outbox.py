"""Which jobs have a message on a queue: those in the window of their experiment.

A job is marked as sent before its message is: of several that send at once, only one marks it, so
that it gets one message. What was marked and never sent is found as lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    update,
)

from runner.needs import Needs, needs_of
from runner.store.engine import Store
from runner.store.schema import Experiment, Job, ago, now
from runner.store.submitted import submitted

# The most messages of new jobs, and of begun ones, that an experiment has on its queue. Workers
# that take all of them between two sweeps are the fastest there are; a cancel leaves so many.
WINDOW = 500

# Written out, so that the database sees that its indexes of pending jobs have them all.
PENDING: ColumnElement[str] = literal_column("'pending'")
NEVER: ColumnElement[int] = literal_column("0")

UNSENT = (Job.state == PENDING) & Job.enqueued_at.is_(None)
SENT = (Job.state == PENDING) & Job.enqueued_at.is_not(None)


# A job that was sent and never begun.
NEW_AND_SENT = SENT & (Job.attempts == NEVER)

# The job that is named by the message for a job.
NAMED: ColumnElement[int] = func.coalesce(Job.message_of, Job.id)

# What a job is set to that has no message any more.
WITHOUT_MESSAGE = {"enqueued_at": None, "message_of": None}

# The job that a message is for: the one that it names, or if that does not wait, the one that it
# was left to.
_named, _left = Job.__table__.alias(), Job.__table__.alias()
_message: ColumnElement[int] = bindparam("message", type_=Integer)
FOR_MESSAGE: ColumnElement[int] = func.coalesce(
    select(_named.c.id).where(_named.c.id == _message, _named.c.state == PENDING).scalar_subquery(),
    select(func.min(_left.c.id))
    .where(_left.c.message_of == _message, _left.c.state == PENDING)
    .scalar_subquery(),
    _message,
)

# The experiments whose jobs go before those of a job's experiment, and the first of these jobs.
_own, _waiting_job = Experiment.__table__.alias(), Job.__table__.alias()
_FIRST = (
    select(func.min(_waiting_job.c.id))
    .where(
        _waiting_job.c.state == PENDING,
        _waiting_job.c.cancel_requested_at.is_(None),
        _waiting_job.c.experiment_id == Experiment.id,
    )
    .scalar_subquery()
)
_HIGHER = (
    select(_own.c.id, _own.c.created_at, Experiment.configuration, _FIRST.label("job"))
    .join(Job, Job.experiment_id == _own.c.id)
    .join(Experiment, Experiment.priority > _own.c.priority)
    .where(Job.id == bindparam("job"), Experiment.paused_at.is_(None), _FIRST.is_not(None))
    .order_by(Experiment.priority.desc(), Experiment.id)
)


@dataclass(frozen=True, slots=True)
class Sent:
    """The jobs of one experiment that were sent and are not claimed."""

    needs: Needs
    begun: bool
    jobs: int


@dataclass(frozen=True, slots=True)
class SentJob:
    """A job that was sent and is not claimed, and the job that its message names."""

    job_id: int
    message: int
    long_ago: bool


def not_paused() -> ColumnElement[bool]:
    """Return the condition that a job's experiment is not paused."""
    return ~exists().where(Experiment.id == Job.experiment_id, Experiment.paused_at.is_not(None))


def experiments_to_send(store: Store, *, begun: bool) -> list[int]:
    """Return the experiments that have unsent jobs and room for more messages."""
    waiting = _waiting(begun=begun)
    sent = select(func.count()).where(
        SENT, Job.experiment_id == waiting.c.experiment, _is_begun(begun=begun)
    )
    statement = (
        select(waiting.c.experiment)
        .join(Experiment, Experiment.id == waiting.c.experiment)
        .where(Experiment.paused_at.is_(None), sent.scalar_subquery() < WINDOW)
        .order_by(waiting.c.experiment)
    )
    with store.read() as connection:
        return list(connection.scalars(statement))


def _waiting(*, begun: bool) -> CTE:
    """Return the experiments with unsent jobs, each found by one step in the index."""
    lowest = select(func.min(Job.experiment_id)).where(UNSENT, _is_begun(begun=begun))
    found = lowest.with_only_columns(func.min(Job.experiment_id).label("experiment")).cte(
        "waiting", recursive=True
    )
    following = lowest.where(Job.experiment_id > found.c.experiment).scalar_subquery()
    return found.union_all(select(following).where(found.c.experiment.is_not(None)))


def take_unsent(store: Store, experiment_id: int, *, begun: bool) -> list[int]:
    """Mark as sent the jobs for which there is room, in the order of their numbers; return them.

    Nobody else marks those of this experiment at the same moment.
    """
    of_experiment = (Job.experiment_id == experiment_id) & _is_begun(begun=begun)
    experiment = select(Experiment.id).where(
        Experiment.id == experiment_id, Experiment.paused_at.is_(None)
    )
    unsent = select(Job.id).where(UNSENT, of_experiment, Job.cancel_requested_at.is_(None))
    with store.write() as connection:
        # What somebody else has locked is sent by them, or next time. SQLite has locked everything.
        if connection.scalar(experiment.with_for_update(skip_locked=True, key_share=True)) is None:
            return []
        sent = connection.scalars(select(func.count()).where(SENT, of_experiment)).one()
        free = unsent.order_by(Job.number).limit(max(WINDOW - sent, 0))
        jobs = list(connection.scalars(free.with_for_update(skip_locked=True, key_share=True)))
        if jobs:
            connection.execute(update(Job).where(Job.id.in_(jobs)).values(enqueued_at=now()))
    return jobs


def mark_unsent(store: Store, job_ids: Sequence[int], seconds: float = 0) -> None:
    """Note that these jobs, if they were sent so many seconds ago, are on no queue any more."""
    if not job_ids:
        return
    statement = (
        update(Job)
        .where(Job.id == bindparam("job"), SENT, _long_ago(seconds))
        .values(WITHOUT_MESSAGE)
    )
    with store.write() as connection:
        connection.execute(statement, [{"job": job_id} for job_id in sorted(job_ids)])


def sent_jobs(store: Store, seconds: float) -> list[SentJob]:
    """Return the jobs that were sent and that nobody has claimed, those of long ago last.

    These were sent so many seconds ago or more.
    """
    columns = (Job.id, NAMED.label("message"), _long_ago(seconds).label("long_ago"))
    with store.read() as connection:
        rows = connection.execute(select(*columns).where(SENT, not_paused())).all()
    # Sorted here: for the database's order SQLite would read the whole table.
    jobs = (SentJob(row.id, row.message, bool(row.long_ago)) for row in rows)
    return sorted(jobs, key=lambda job: (job.long_ago, job.job_id))


def count_sent(store: Store) -> list[Sent]:
    """Count all jobs that were sent, also lately, by what they need and whether they were begun."""
    is_begun = (Job.attempts > NEVER).label("begun")
    counts = (
        select(Job.experiment_id, is_begun, func.count().label("jobs"))
        .where(SENT)
        .group_by(Job.experiment_id, is_begun)
        .subquery()
    )
    statement = (
        select(Experiment.id, Experiment.created_at, counts.c.begun, counts.c.jobs)
        .join(counts, counts.c.experiment_id == Experiment.id)
        .where(Experiment.paused_at.is_(None))
    )
    with store.read() as connection:
        return [
            Sent(
                needs_of(submitted(connection, row.id, row.created_at).configuration),
                bool(row.begun),
                row.jobs,
            )
            for row in connection.execute(statement).all()
        ]


def _is_begun(*, begun: bool) -> ColumnElement[bool]:
    return Job.attempts > NEVER if begun else Job.attempts == NEVER


def _long_ago(seconds: float) -> ColumnElement[bool]:
    """Return the condition on when a job was sent.

    Those of the future are among them: the database's clock was set back since they were sent.
    """
    sent: ColumnElement[datetime | None] = Job.enqueued_at.expression
    return (sent <= ago(seconds)) | (sent > now())


def more_urgent(connection: Connection, job_id: int) -> int | None:
    """Return the first pending job of an experiment with a higher priority and the same needs."""
    rows = connection.execute(_HIGHER, {"job": job_id}).all()
    if not rows:
        return None
    needs = needs_of(submitted(connection, rows[0].id, rows[0].created_at).configuration)
    return next((int(row.job) for row in rows if needs_of(row.configuration) == needs), None)
