"""Send the jobs that are pending: the new ones, and those whose message was lost."""

import logging
from typing import Any

from celery import Celery

from runner.errors import InputError
from runner.needs import needs_of
from runner.queue.app import BEGUN_JOBS, NEW_JOBS, Message, queued_jobs, send
from runner.specs import EvaluateSpec, ExplainSpec, FoldSpec, TrainSpec, job_spec
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle import outbox

logger = logging.getLogger(__name__)

# Keeps one transaction and one pass over the queues short.
BATCH = 500

# A message that was just taken from a queue is about to be claimed; it is not lost.
LOST_AFTER_SECONDS = 10.0


def send_pending(store: Store, app: Celery) -> int:
    """Send every pending job that has no message on a queue; return how many were sent.

    Raises UnavailableError if the broker cannot be reached; the jobs stay pending.
    """
    forget_lost(store, app)
    return _send_unsent(store, app, begun=False)


def send_begun(store: Store, app: Celery) -> int:
    """Send the jobs that were begun and given back; return how many were sent."""
    return _send_unsent(store, app, begun=True)


def _send_unsent(store: Store, app: Celery, *, begun: bool) -> int:
    count = 0
    while job_ids := outbox.unsent(store, BATCH, begun=begun):
        outbox.mark_sent(store, send(app, map(message, queries.jobs_to_send(store, job_ids))))
        count += len(job_ids)
    return count


def forget_lost(store: Store, app: Celery) -> None:
    """Note as unsent the jobs that were sent but whose message is on no queue any more."""
    if sent := outbox.sent_jobs(store, LOST_AFTER_SECONDS):
        outbox.mark_unsent(store, sorted(set(sent) - queued_jobs(app)))


def message(job: queries.JobToSend) -> Message:
    """Return the message for a job, with words that a person can read in Flower."""
    details = _details(job)
    words = ", ".join(f"{name} {value}" for name, value in details.items())
    title = f"experiment {job.experiment_id} job {job.id}: {words}"
    queue = BEGUN_JOBS if job.attempts else NEW_JOBS
    needs = needs_of(job.configuration)
    return Message(job.id, f"{queue}{needs.suffix}", job.kind, title, details)


def _details(job: queries.JobToSend) -> dict[str, Any]:
    """Return what tells a job from others; nothing of one that its worker is going to refuse."""
    try:
        spec = job_spec(Kind(job.kind), job.seed, job.configuration)
    except InputError as error:
        logger.warning("job %s is sent without details: %s", job.id, error.what)
        return {}
    match spec:
        case TrainSpec():
            return {**spec.params} | ({"seed": spec.seed} if spec.own_seed else {})
        case FoldSpec():
            return {"trial": spec.trial, "split": spec.split, "fold": spec.fold}
        case EvaluateSpec():
            return {"trial": spec.trial, "split": spec.split}
        case ExplainSpec():
            return {"trial": spec.trial, "images": spec.images, "labels": spec.labels}
