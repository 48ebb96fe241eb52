"""Repair what dies: close lost attempts and send their jobs, and lost messages, again."""

import logging
import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field

from celery import Celery
from runner.store.engine import Store, StoreUnavailable, open_store

from runner.dispatch import send_pending
from runner.errors import UnavailableError
from runner.processes import host_identity, is_alive
from runner.queue import make_app
from runner.settings import Settings
from runner.store import work

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Watch:
    """Remember since when each open attempt has not moved, on this process's own clock.

    No clock is compared with another's, so one that is set forward or back takes nothing away.
    """

    lease_seconds: float
    _since: dict[tuple[int, int, int], float] = field(default_factory=dict)

    def dead(self, attempts: list[work.OpenAttempt]) -> list[work.OpenAttempt]:
        """Return the attempts whose process is gone, or whose lease has run out."""
        moment = time.monotonic()
        seen = [(attempt.job_id, attempt.number, attempt.heartbeats) for attempt in attempts]
        self._since = {key: self._since.get(key, moment) for key in seen}
        return [
            attempt
            for attempt, key in zip(attempts, seen, strict=True)
            if _process_is_gone(attempt) or moment - self._since[key] >= self.lease_seconds
        ]


def _process_is_gone(attempt: work.OpenAttempt) -> bool:
    """Tell whether it ran on this host and died; nothing is known of processes elsewhere."""
    if attempt.host != host_identity():
        return False
    return not is_alive(attempt.pid, attempt.process_started)


def sweep(store: Store, app: Celery, watch: Watch) -> None:
    """Repair once: whatever several workers do here at once, the store lets one of them win."""
    if dead := watch.dead(work.open_attempts(store)):
        for job_id in work.recover(store, dead):
            logger.warning("job %s was lost with its worker and is pending again", job_id)
    send_pending(store, app)


def main() -> None:
    """Sweep until told to stop, or until the worker that started this process is gone."""
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s: recovery] %(message)s")
    settings = Settings.from_environment()
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, lambda *_: stopping.set())
    parent = os.getppid()
    store = open_store(settings.database_url)
    app = make_app(settings.broker_url or "memory://")
    watch = Watch(settings.lease_seconds - settings.heartbeat_seconds)
    # Workers that were started together should not all sweep at the same moment.
    while not stopping.wait(settings.sweep_seconds * random.uniform(0.75, 1.25)):  # noqa: S311
        if os.getppid() != parent:
            break
        try:
            sweep(store, app, watch)
        except (StoreUnavailable, UnavailableError) as error:
            logger.warning("nothing could be repaired: %s", error.what)
    store.close()


if __name__ == "__main__":
    main()
