"""Repair what dies: close lost attempts and send their jobs, and lost messages, again."""

import logging
import math
import os
import random
import signal
import sys
import threading
import time
from dataclasses import dataclass, field, replace

from celery import Celery

from runner.failpoints import failpoint
from runner.loop_errors import LoopErrors
from runner.processes import host_identity, is_alive, leave_garbage
from runner.queue.app import make_app
from runner.queue.dispatch import Missing, forget_lost, send_begun, send_pending
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.lifecycle import job_lifecycle
from runner.store.lifecycle.attempts import OpenAttempt, open_attempts
from runner.store.lifecycle.outbox import WINDOW

logger = logging.getLogger(__name__)

# Workers that took so many messages since the last sweep would soon have none: the next sweep comes
# in this part of the time.
MANY = WINDOW // 4
SOONER = 0.1


@dataclass(slots=True)
class Watch:
    """Remember since when each open attempt has not moved, on this process's own clock.

    No clock is compared with another's, so one that is set forward or back takes nothing away.
    """

    lease_seconds: float
    _since: dict[tuple[int, int, int], float] = field(default_factory=dict)
    _looked: float = -math.inf

    def dead(self, attempts: list[OpenAttempt]) -> list[OpenAttempt]:
        """Return the attempts whose process is gone, or whose lease has run out."""
        moment = time.monotonic()
        if moment - self._looked > self.lease_seconds / 2:
            # We did not look, or could not: who was silent meanwhile may have had no store either.
            self._since = {}
        self._looked = moment
        seen = [(attempt.job_id, attempt.number, attempt.heartbeats) for attempt in attempts]
        self._since = {key: self._since.get(key, moment) for key in seen}
        return [
            attempt
            for attempt, key in zip(attempts, seen, strict=True)
            if process_is_gone(attempt) or moment - self._since[key] >= self.lease_seconds
        ]


def process_is_gone(attempt: OpenAttempt) -> bool:
    """Tell whether it ran on this host and died; nothing is known of processes elsewhere."""
    return attempt.host == host_identity() and not is_alive(attempt.pid, attempt.process_started)


@dataclass(frozen=True, slots=True)
class Repaired:
    """What one sweep did, and how many attempts are under way."""

    lost: list[int]
    sent: int
    running: int


def sweep(store: Store, app: Celery, watch: Watch, missing: Missing) -> Repaired:
    """Repair once: whatever several do here at the same moment, the store lets one of them win."""
    repaired = close_lost(store, watch)
    forget_lost(store, app, missing)
    return replace(repaired, sent=send_pending(store, app))


def close_lost(store: Store, watch: Watch) -> Repaired:
    """Make the jobs of dead attempts pending again; nothing is sent."""
    attempts = open_attempts(store)
    dead = watch.dead(attempts)
    lost = job_lifecycle.recover(store, dead) if dead else []
    if lost:
        failpoint("in_recovery")
    for job_id in lost:
        logger.warning("job %s was lost with its worker and is pending again", job_id)
    return Repaired(lost, 0, len(attempts) - len(dead))


def resume_begun(settings: Settings) -> None:
    """Send what was begun before a worker first looks: it goes on before what is new.

    Whatever goes wrong here, the sweeps that follow do the same.
    """
    with LoopErrors(logger, "cannot send interrupted jobs yet").caught():
        store = Store(settings.database_url)
        try:
            close_lost(store, Watch(settings.lease_seconds))
            send_begun(store, make_app(settings.broker_url or "memory://"))
        finally:
            store.close()


def main() -> None:
    """Sweep until told to stop, or until the worker whose pid is the argument is gone."""
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s: recovery] %(message)s")
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, lambda *_: stopping.set())
    sweep_until(stopping, Settings.from_environment(), int(sys.argv[1]))


def sweep_until(stopping: threading.Event, settings: Settings, parent: int) -> None:
    """Sweep until told to stop or orphaned; an error costs one sweep, whatever it is."""
    app = make_app(settings.broker_url or "memory://")
    watch, missing = Watch(settings.lease_seconds), Missing()
    store: Store | None = None
    errors = LoopErrors(logger, "recovery failed")
    seconds = settings.sweep_seconds
    # Workers that were started together should not all sweep at the same moment.
    while not stopping.wait(seconds * random.uniform(0.75, 1.25)):  # noqa: S311
        # Told, not asked: it may be gone before this process could ask who its parent is.
        if os.getppid() != parent:
            break
        seconds = settings.sweep_seconds
        with errors.caught():
            store = store or Store(settings.database_url, keeps=True)
            if sweep(store, app, watch, missing).sent > MANY:
                seconds *= SOONER
    if store is not None:
        store.close()
    leave_garbage()


if __name__ == "__main__":
    main()
