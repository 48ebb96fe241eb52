"""The four operations that carry the fault model, one transaction each.

A job is moved only together with its attempt, and an attempt only while it is open: that is
what makes its number a fence. Whoever lost a job may go on for a while; nothing that it writes
counts any more.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import (
    Connection,
    Update,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from cifar_model.objective import STOPPED
from runner.needs import EVERYTHING, Offer, needs_of
from runner.specs import job_configuration
from runner.states import FINAL, AttemptState, JobState
from runner.store.engine import Store
from runner.store.lifecycle.attempts import (
    OPEN,
    AttemptKey,
    Claim,
    OpenAttempt,
    Signal,
    beat,
)
from runner.store.lifecycle.events import record_event, storable
from runner.store.lifecycle.outbox import (
    FOR_MESSAGE,
    NAMED,
    NEW_AND_SENT,
    WITHOUT_MESSAGE,
    more_urgent,
    not_paused,
)
from runner.store.lifecycle.tuning.job_end import follow_up
from runner.store.schema import Attempt, Checkpoint, Event, Experiment, Job, Trial, now
from runner.store.submitted import submitted

# A job that was lost so often without finishing an epoch takes its workers down with it.
MOST_LOST = 3

# What ends with an attempt; a released job is tried again and nothing is held against it.
JOB_STATES = {
    AttemptState.SUCCEEDED: JobState.SUCCEEDED,
    AttemptState.FAILED: JobState.FAILED,
    AttemptState.CANCELLED: JobState.CANCELLED,
    AttemptState.RELEASED: JobState.PENDING,
}


CLAIMABLE = (Job.state == JobState.PENDING) & Job.cancel_requested_at.is_(None) & not_paused()
_TAKE_ANY = (
    update(Job)
    .where(CLAIMABLE)
    .values(state=JobState.RUNNING, attempts=Job.attempts + 1, message_of=None)
    .returning(
        Job.id,
        Job.attempts,
        Job.experiment_id,
        Job.number,
        Job.configuration,
        select(Experiment.created_at)
        .where(Experiment.id == Job.experiment_id)
        .scalar_subquery()
        .label("submitted_at"),
    )
)
TAKE = _TAKE_ANY.where(Job.id == bindparam("job"))
TAKE_FOR_MESSAGE = _TAKE_ANY.where(Job.id == FOR_MESSAGE)
STILL_FOR_MESSAGE = select(Job.id).where(Job.id == FOR_MESSAGE, CLAIMABLE)
DROP = (
    update(Job)
    .where(Job.id == FOR_MESSAGE, Job.state == JobState.PENDING, Job.enqueued_at.is_not(None))
    .values(WITHOUT_MESSAGE)
)
OPEN_ATTEMPT = insert(Attempt)
END_ATTEMPT = update(Attempt).values(
    state=bindparam("ends_as"), ended_at=now(), error=bindparam("traceback")
)
END_OPEN = END_ATTEMPT.where(OPEN)
END_UNMOVED = END_OPEN.where(Attempt.heartbeats == bindparam("beats"))
END_JOB = (
    update(Job)
    .where(Job.id == bindparam("job"))
    .values(state=bindparam("ends_as"), reason=bindparam("why"), ended_at=now())
)
RETURN_JOB = (
    update(Job)
    .where(Job.id == bindparam("job"))
    .values(state=JobState.PENDING, reason=bindparam("why"), **WITHOUT_MESSAGE)
)
# That of a trial which was stopped early stays, so that it can be continued.
FORGET_ALL_CHECKPOINTS = delete(Checkpoint).where(
    Checkpoint.job_id == bindparam("job"),
    ~exists().where(Trial.job_id == bindparam("job"), Trial.ended_by == STOPPED),
)


def claim(store: Store, message: int, worker: str, offer: Offer = EVERYTHING) -> Claim | None:
    """Take the job of a message and open its next attempt; None if it is not to be had.

    Of any number that try at once one gets it: the update is conditional. Raises InputError, and
    changes nothing, if the database was brought to another schema since it was opened, or if the
    job needs what the worker does not offer.
    """
    return _claim_for(store, message, worker, offer, urgent=False)


def claim_most_urgent(
    store: Store, message: int, worker: str, offer: Offer = EVERYTHING
) -> Claim | None:
    """Take the job of a message, or in its place one of an experiment with a higher priority.

    The job itself then has no message any more, and is sent again. Otherwise as `claim`.
    """
    return _claim_for(store, message, worker, offer, urgent=True)


def claim_instead(
    store: Store, message: int, jobs: tuple[int, int], worker: str, offer: Offer = EVERYTHING
) -> Claim | None:
    """Take the second of two new jobs of an experiment with the message that is for the first.

    The message of the second is then for the first, so that each still has one. None, and nothing
    is changed, if one of them was claimed or got another message meanwhile, or is locked.
    Otherwise as `claim`.
    """
    first, other = jobs
    with store.write(durable=False) as connection:
        store.check_schema(connection)
        # Who holds both never waits for a job, so that nobody waits in a circle.
        both = connection.execute(
            select(Job.id, NAMED.label("message"))
            .where(Job.id.in_(jobs), NEW_AND_SENT, CLAIMABLE)
            .with_for_update(skip_locked=True, key_share=True)
        )
        messages = {job.id: job.message for job in both.all()}
        if len(messages) < 2 or messages[first] != message:
            return None
        found = _claim(connection, TAKE, {"job": other}, worker, offer)
        if found is None:
            return None
        left = messages[other] if messages[other] != first else None
        connection.execute(update(Job).where(Job.id == first).values(message_of=left))
    return found


def _claim_for(
    store: Store, message: int, worker: str, offer: Offer, *, urgent: bool
) -> Claim | None:
    for_message = {"message": message}
    while True:
        with store.write(durable=False) as connection:
            store.check_schema(connection)
            job = more_urgent(connection, message) if urgent else None
            if job is not None:
                found = _claim(connection, TAKE, {"job": job}, worker, offer)
                if found is not None:
                    _dropped(connection, message)
                    return found
                # Another worker was faster.
            found = _claim(connection, TAKE_FOR_MESSAGE, for_message, worker, offer)
            if found is not None:
                return found
            # Another worker may just have claimed it instead of its own, which it left to this
            # message. In a new transaction, so that nothing is locked while it waits.
            if connection.scalar(STILL_FOR_MESSAGE, for_message) is None:
                _dropped(connection, message)
                return None


def _claim(
    connection: Connection,
    take: ReturningUpdate[Any],
    which: Mapping[str, int],
    worker: str,
    offer: Offer,
) -> Claim | None:
    job = connection.execute(take, which).one_or_none()
    if job is None:
        return None
    connection.execute(OPEN_ATTEMPT, {"job_id": job.id, "number": job.attempts, "worker": worker})
    record_event(connection, [job.id], "claimed", attempt=job.attempts, detail=worker)
    shared = submitted(connection, job.experiment_id, job.submitted_at)
    configuration = job_configuration(shared.configuration, job.configuration)
    offer.check(needs_of(configuration), job.id)
    return Claim(
        job_id=job.id,
        attempt=job.attempts,
        experiment_id=job.experiment_id,
        kind=shared.kind,
        number=job.number,
        seed=shared.seed,
        configuration=configuration,
    )


def _dropped(connection: Connection, message: int) -> None:
    """Note that a job has no message any more: one that is paused is sent again when it goes on."""
    connection.execute(DROP, {"message": message})


def heartbeat(store: Store, key: AttemptKey) -> Signal:
    """Say that the attempt lives; return what it should do."""
    with store.write(durable=False) as connection:
        if not beat(connection, key):
            return Signal.STALE
        cancelled = connection.scalar(select(Job.cancel_requested_at).where(Job.id == key.job_id))
    return Signal.CANCEL if cancelled else Signal.CONTINUE


def tell(store: Store, key: AttemptKey, name: str, detail: str) -> int:
    """Add what a worker saw of its attempt to the job's events; return how often that was told."""
    with store.write() as connection:
        job = select(Job.id).where(Job.id == key.job_id)
        if connection.scalar(job.with_for_update(read=True, key_share=True)) is None:
            # It was deleted: there is nobody left to tell.
            return 0
        record_event(connection, [key.job_id], name, attempt=key.number, detail=detail)
        told = select(func.count()).where(Event.job_id == key.job_id, Event.name == name)
        return connection.scalars(told).one()


def finish(
    store: Store,
    key: AttemptKey,
    state: AttemptState,
    *,
    reason: str | None = None,
    error: str | None = None,
    write: Callable[[Connection], object] | None = None,
) -> bool:
    """End an attempt and its job, and write the result, all together.

    Returns False, and nothing is written, if the attempt is no longer open. A released job is
    pending again. The checkpoints stay for a job that may still go on: one that is pending,
    or failed or cancelled and may be retried.
    """
    with store.write() as connection:
        if not _end_attempt(connection, END_OPEN, key.named(), state, error):
            return False
        if write is not None:
            write(connection)
        ended = _end_job(connection, key.job_id, JOB_STATES[state], reason)
        if ended == JobState.SUCCEEDED:
            connection.execute(FORGET_ALL_CHECKPOINTS, {"job": key.job_id})
        record_event(connection, [key.job_id], state, attempt=key.number, detail=reason)
        follow_up(connection, key.job_id, ended)
    return True


def recover(store: Store, dead: Iterable[OpenAttempt]) -> list[int]:
    """Close attempts as lost, unless their heart has beaten since they were seen.

    Returns the jobs that are pending again; one that was lost three times in a row has failed.
    """
    pending = []
    with store.write() as connection:
        # In one order everywhere, so that two that recover at once never wait for each other.
        for seen in sorted(dead, key=lambda attempt: attempt.job_id):
            key = AttemptKey(seen.job_id, seen.number)
            unmoved = key.named() | {"beats": seen.heartbeats}
            where = f"worker {seen.worker} (pid {seen.pid} on {seen.host})"
            lost = f"lost with its {where}"
            if not _end_attempt(connection, END_UNMOVED, unmoved, AttemptState.LOST, lost):
                continue
            record_event(
                connection, [key.job_id], AttemptState.LOST, attempt=key.number, detail=where
            )
            state = _lose_job(connection, seen.job_id, where)
            if state == JobState.PENDING:
                pending.append(seen.job_id)
            follow_up(connection, seen.job_id, state)
    return pending


def _end_attempt(
    connection: Connection,
    statement: Update,
    named: Mapping[str, int],
    state: AttemptState,
    error: str | None,
) -> bool:
    ends = {"ends_as": state, "traceback": storable(error)}
    return bool(connection.execute(statement, {**named, **ends}).rowcount)


def _lose_job(connection: Connection, job_id: int, where: str) -> JobState:
    lost = connection.scalars(
        update(Job).where(Job.id == job_id).values(lost=Job.lost + 1).returning(Job.lost)
    ).one()
    if lost < MOST_LOST:
        return _end_job(connection, job_id, JobState.PENDING, None)
    how = "each time its worker died, sent no heartbeat or made no progress"
    reason = f"lost {lost} times: {how}; the last time on {where}"
    return _end_job(connection, job_id, JobState.FAILED, reason)


def _end_job(connection: Connection, job_id: int, state: JobState, reason: str | None) -> JobState:
    """Move a job whose attempt has ended; one that should be cancelled is not tried again."""
    if state == JobState.PENDING and connection.scalar(
        select(Job.cancel_requested_at).where(Job.id == job_id)
    ):
        state = JobState.CANCELLED
    why = {"job": job_id, "why": storable(reason)}
    if state in FINAL:
        connection.execute(END_JOB, why | {"ends_as": state})
    else:
        connection.execute(RETURN_JOB, why)
    return state
