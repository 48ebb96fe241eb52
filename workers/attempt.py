"""One attempt at a job: claimed, kept alive, ended exactly once, whatever happens in between."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cifar_model.errors import InputError, OtherThreadsError
from cifar_model.networks.kept import kept
from runner.failpoints import failpoint
from runner.states import AttemptState
from runner.store.engine import Connection, StoreUnavailable
from runner.store.lifecycle import job_lifecycle
from runner.store.lifecycle.attempts import AttemptKey, Claim, Signal
from runner.store.lifecycle.tuning.job_end import prepare
from workers.audit_log import record
from workers.context import Context, current
from workers.device import MOST_LOSSES
from workers.drain import drain
from workers.retrying import retry_while_unavailable

logger = logging.getLogger(__name__)

# Writes a job's result; called in the transaction that ends the attempt.
Write = Callable[[Connection], None]


class Stopped(Exception):  # noqa: N818 (not an error: someone asked for it)
    """Leave the job at once, with the state in which its attempt ends; None if it is not ours."""

    def __init__(self, state: AttemptState | None, reason: str | None = None) -> None:
        super().__init__(state)
        self.state = state
        self.reason = reason


class JobFailedError(Exception):
    """Tell Celery, and so Flower, of a failure that the store already knows."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a job's function may ask and tell while it works."""

    context: Context
    claim: Claim
    progress: Callable[[str], None]

    @property
    def key(self) -> AttemptKey:
        """Return the fencing token of everything that is written."""
        return self.claim.key

    def check(self) -> None:
        """Tell of progress; raise Stopped if the attempt should end: cancel, drain or successor."""
        self.context.heartbeat.progressed()
        match self.context.heartbeat.signal:
            case Signal.CANCEL:
                raise Stopped(AttemptState.CANCELLED)
            case Signal.STALE:
                raise Stopped(None)
        if drain.is_set():
            raise Stopped(AttemptState.RELEASED)


def execute(
    job_id: int, function: Callable[[Attempt], Write], progress: Callable[[str], None]
) -> None:
    """Claim a job, call its function and record how it ended; do nothing if it is not to be had.

    A job of an experiment with a higher priority is taken in its place; it is then sent again. So
    is one of the same experiment if fewer networks are compiled then; both keep a message.
    Raises JobFailedError after a failure has been recorded.
    """
    context = current()
    failpoint("before_claim", job_id)
    if drain.is_set():
        logger.info("job %s is left to other workers: this worker is shutting down", job_id)
        return
    claim = _claim(context, job_id)
    if claim is None:
        return
    if claim.job_id != job_id:
        progress = _of_job(claim.job_id, progress)
    context.heartbeat.watch(claim.key)
    try:
        record("claimed", claim.key)
        failpoint("after_claim", claim.job_id)
        _end(Attempt(context, claim, progress), function)
    finally:
        context.heartbeat.watch(None)


def _of_job(job_id: int, progress: Callable[[str], None]) -> Callable[[str], None]:
    """Tell the progress of another job than that of the message, which is what Flower shows."""
    return lambda text: progress(f"job {job_id}: {text}")


def _claim(context: Context, job_id: int) -> Claim | None:
    """Return the job if it is to be had; one that is refused is sent again by recovery."""
    if context.device.is_left_alone():
        logger.error(
            "job %s is left to other workers: every device of this worker was lost %s times; "
            "repair the devices and restart this worker",
            job_id,
            MOST_LOSSES,
        )
        return None
    try:
        claim = retry_while_unavailable(lambda: _another_or_most_urgent(context, job_id))
    except InputError as error:
        logger.warning("job %s is not claimed: %s", job_id, error)
        return None
    if claim is None:
        logger.info(
            "job %s has ended or is claimed by another worker: its message is dropped", job_id
        )
    return claim


def _another_or_most_urgent(context: Context, message: int) -> Claim | None:
    if kept:
        from workers.fewest_networks import claim_another

        if (claim := claim_another(context, message)) is not None:
            return claim
    return job_lifecycle.claim_most_urgent(context.store, message, context.worker, context.offer)


def _end(attempt: Attempt, function: Callable[[Attempt], Write]) -> None:
    key = attempt.key
    try:
        write = function(attempt)
        prepare(attempt.claim.configuration)
        failpoint("before_finish", key.job_id)
        counted = _finish(attempt, AttemptState.SUCCEEDED, write=write)
    except Stopped as stopped:
        if stopped.state is not None:
            _finish(attempt, stopped.state, reason=stopped.reason)
        logger.info("job %s attempt %s: %s", key.job_id, key.number, stopped.state or "stale")
    except OtherThreadsError as error:
        # The pool replaces this process, and the next one starts TensorFlow anew.
        _finish(attempt, AttemptState.RELEASED)
        logger.info("job %s is released and this process ends: %s", key.job_id, error)
        raise SystemExit from error
    except StoreUnavailable as error:
        # Waited for in vain, and nothing can be written: recovery sends the job again.
        raise JobFailedError(f"job {key.job_id}: {error.what}") from None
    except Exception as error:
        if attempt.context.device.is_lost(error) and _device_lost(attempt, error):
            raise SystemExit from error
        reason = f"{type(error).__name__}: {error}"
        _finish(attempt, AttemptState.FAILED, reason=reason, error=traceback.format_exc())
        raise JobFailedError(f"job {key.job_id} failed: {reason}") from None
    else:
        record("succeeded", key, counted=counted)
        if not counted:
            logger.warning(
                "job %s attempt %s is no longer valid: its result is discarded",
                key.job_id,
                key.number,
            )
        failpoint("after_finish", key.job_id)


def _device_lost(attempt: Attempt, error: Exception) -> bool:
    """Give the job back, uncharged; return False if too many devices were lost with it already.

    The pool replaces this process, whose device TensorFlow can use no more.
    """
    words = f"{attempt.context.device.name} was lost: {error}"
    told = retry_while_unavailable(
        lambda: job_lifecycle.tell(attempt.context.store, attempt.key, "device_lost", words)
    )
    if told >= job_lifecycle.MOST_LOST:
        return False
    _finish(attempt, AttemptState.RELEASED, reason=words, error=traceback.format_exc())
    logger.error("job %s is released and this process ends: %s", attempt.key.job_id, words)
    return True


def _finish(attempt: Attempt, state: AttemptState, **details: Any) -> bool:
    return retry_while_unavailable(
        lambda: job_lifecycle.finish(attempt.context.store, attempt.key, state, **details)
    )
