"""Keep jobs going while somebody waits for them: local workers are up, and every job is sent."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from runner.errors import UnavailableError
from runner.local.liveness import why_little_runs, why_nothing_runs
from runner.local.run_dir import Process, RunDir
from runner.local.start_stop import begin_stop, end, start, stop_all, stop_leftovers
from runner.queue.app import NEW_JOBS, make_app, queue_lengths
from runner.queue.dispatch import send_pending
from runner.settings import Settings
from runner.store.engine import Store, StoreUnavailable

# How often to see whether workers are still there and to send what nobody else did.
ENSURE_SECONDS = 5.0
MOST_STARTS = 3
# A worker that ended so often in a row is not waited for; its pauses have made it half a minute.
MOST_FAILED_STARTS = 5
# A database that is away for longer needs a person; workers wait for it as well.
OUTAGE_SECONDS = 300.0


Say = Callable[[str], None]
Why = Callable[[Settings, Store], str | None]


class Outage:
    """How long the database has been away while somebody waits."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def goes_on(self) -> bool:
        """Return whether the database was away at the last look."""
        return self._since is not None

    def seconds(self, error: StoreUnavailable) -> float:
        """Return for how long it has been away; raise the error if that is too long."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since > OUTAGE_SECONDS:
            raise error
        return now - self._since

    def end(self) -> None:
        """Note that the database is there."""
        self._since = None


class Telling:
    """Say once what keeps the jobs that are waited for from being worked on."""

    def __init__(
        self, settings: Settings, store: Store, say: Say, why: Why = why_nothing_runs
    ) -> None:
        self._settings = settings
        self._store = store
        self._say = say
        self._why = why
        self._said: str | None = None
        self._asked = time.monotonic()

    def look(self) -> None:
        """Look every few seconds; a database or broker that is away is not reported here."""
        if time.monotonic() - self._asked < ENSURE_SECONDS:
            return
        self._asked = time.monotonic()
        with suppress(UnavailableError):
            self.say(self._why(self._settings, self._store))

    def say(self, words: str | None) -> None:
        """Say it, unless it was said last."""
        if words is not None and words != self._said:
            self._say(f"warning: {words}")
        self._said = words


class Waiting:
    """Keep local workers up until the block ends, starting them only if none are running.

    `say` is given what keeps the jobs from being worked on.
    """

    def __init__(self, settings: Settings, store: Store, say: Say) -> None:
        self._settings = settings
        self._store = store
        self._starts = 0
        self._stopping: Process | None = None
        self._ensured = -ENSURE_SECONDS
        # Local workers are started here: only that they do not stay is worth a word.
        why = why_nothing_runs if settings.broker_url else why_little_runs
        self._telling = Telling(settings, store, say, why)
        self._sending = Telling(settings, store, say)

    def look(self) -> None:
        """Do what is due; raise UnavailableError if the workers stop again and again."""
        if time.monotonic() - self._ensured >= ENSURE_SECONDS:
            self._ensure_workers()
            self._ensured = time.monotonic()
        self._telling.look()
        if self._starts > MOST_STARTS or _failed_starts(self._settings) >= MOST_FAILED_STARTS:
            raise _workers_do_not_stay(self._settings)

    def ended(self) -> None:
        """Let the local workers stop already while the block does what needs none."""
        if self._starts:
            self._stopping = begin_stop(RunDir(self._settings.home))

    def _ensure_workers(self) -> None:
        """Start the private broker and workers unless there are some, and send what is pending."""
        settings = self._settings
        if settings.broker_url is None and start(settings, parent=os.getpid()):
            self._starts += 1
        app = make_app(settings.broker_url or RunDir(settings.home).broker_url)
        try:
            send_pending(self._store, app)
            # Where nothing is left to send, the workers need the broker all the same.
            queue_lengths(app, [NEW_JOBS])
            self._sending.say(None)
        except UnavailableError as error:
            self._sending.say(f"{error.what}\n  to fix it: {error.fix}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        run_dir = RunDir(self._settings.home)
        if self._stopping is not None:
            # Only this one: since it was told to end, another command may have started its own.
            if self._stopping.alive:
                end(self._stopping)
            if not run_dir.is_supervised():
                stop_leftovers(run_dir)
        elif self._starts:
            stop_all(run_dir)


def _failed_starts(settings: Settings) -> int:
    trouble = None if settings.broker_url else RunDir(settings.home).trouble()
    return 0 if trouble is None else trouble.failed_starts


def _workers_do_not_stay(settings: Settings) -> UnavailableError:
    return UnavailableError(
        "the local workers stop repeatedly",
        "workers that run until the experiment has ended",
        f"read {RunDir(settings.home).logs / 'worker.log'}; the jobs are saved",
    )
