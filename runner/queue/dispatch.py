"""Send the jobs that are pending: the new ones, and those whose message was lost."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from celery import Celery

from runner.errors import InputError, UnavailableError
from runner.needs import Needs, needs_of
from runner.queue.app import BEGUN_JOBS, NEW_JOBS, Message, queue_lengths, queued_jobs, send
from runner.searches import is_unasked
from runner.specs import EvaluateSpec, ExplainSpec, FoldSpec, TrainSpec, job_spec
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle import outbox

logger = logging.getLogger(__name__)

# Longer than it takes to send what was marked as sent.
LOST_AFTER_SECONDS = 10.0


def send_pending(store: Store, app: Celery) -> int:
    """Send pending jobs until the window of each experiment is full; return how many were sent.

    Raises UnavailableError if the broker cannot be reached; the jobs stay pending.
    """
    return send_begun(store, app) + _fill(store, app, begun=False)


def send_begun(store: Store, app: Celery) -> int:
    """Send the jobs that were begun and given back; return how many were sent."""
    return _fill(store, app, begun=True)


def _fill(store: Store, app: Celery, *, begun: bool) -> int:
    count = 0
    for experiment in outbox.experiments_to_send(store, begun=begun):
        jobs = outbox.take_unsent(store, experiment, begun=begun)
        if jobs:
            _send(store, app, jobs)
        count += len(jobs)
    return count


def _send(store: Store, app: Celery, jobs: list[int]) -> None:
    sent: set[int] = set()
    messages = map(message, queries.jobs_to_send(store, jobs))
    try:
        send(app, _noted(messages, sent))
    except UnavailableError:
        outbox.mark_unsent(store, [job for job in jobs if job not in sent])
        raise


def _noted(messages: Iterable[Message], sent: set[int]) -> Iterator[Message]:
    """Yield messages; whoever asks for the next one has sent the one before."""
    for message in messages:
        yield message
        sent.add(message.job_id)


@dataclass(slots=True)
class Missing:
    """Remember whose message was missing at the last look.

    A worker that has just taken a message is about to claim the job: only a message that is missing
    at two looks in a row is lost.
    """

    _jobs: set[int] = field(default_factory=set)

    def still(self, jobs: set[int]) -> set[int]:
        """Return those of the jobs that were missing before."""
        before, self._jobs = self._jobs, jobs
        return jobs & before


def forget_lost(store: Store, app: Celery, missing: Missing | None = None) -> None:
    """Note as unsent the jobs that were sent but whose message is on no queue any more.

    Without a memory of the last look, one look is enough. The messages are read only where there
    are fewer than jobs that wait for them.
    """
    gone: set[int] = set()
    if _are_too_few(store, app):
        sent = outbox.sent_jobs(store, LOST_AFTER_SECONDS)
        gone = _without_message(sent, queued_jobs(app))
    if missing is not None:
        gone = missing.still(gone)
    outbox.mark_unsent(store, sorted(gone), LOST_AFTER_SECONDS)


def _without_message(sent: Iterable[outbox.SentJob], queued: Counter[int]) -> set[int]:
    """Return the jobs of long ago for which no message is left, after those that were sent lately.

    Two may wait for messages that name the same job: one that was done before another, which got
    its message, and was given back.
    """
    gone = set()
    for job in sent:
        if queued[job.message] > 0:
            queued[job.message] -= 1
        elif job.long_ago:
            gone.add(job.job_id)
    return gone


def _are_too_few(store: Store, app: Celery) -> bool:
    expected: Counter[str] = Counter()
    for sent in outbox.count_sent(store):
        expected[queue_of(sent.needs, begun=sent.begun)] += sent.jobs
    lengths = queue_lengths(app, expected) if expected else {}
    return any(lengths[queue] < jobs for queue, jobs in expected.items())


def queue_of(needs: Needs, *, begun: bool) -> str:
    """Return the queue for jobs with these needs."""
    return f"{BEGUN_JOBS if begun else NEW_JOBS}{needs.suffix}"


def message(job: queries.JobToSend) -> Message:
    """Return the message for a job, with words that a person can read in Flower."""
    details = _details(job)
    words = ", ".join(f"{name} {value}" for name, value in details.items())
    title = f"experiment {job.experiment_id} job {job.id}: {words}"
    queue = queue_of(needs_of(job.configuration), begun=job.attempts > 0)
    return Message(job.id, queue, job.kind, title, details)


def _details(job: queries.JobToSend) -> dict[str, Any]:
    """Return what tells a job from others; nothing of one that its worker is going to refuse."""
    if is_unasked(job.configuration):
        return {"search": job.configuration["search"]}
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
