"""Wait for an experiment with a live bar, keeping local workers up meanwhile if none are."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tqdm import tqdm

from runner.cli.bar import Bar
from runner.errors import UnavailableError
from runner.local.liveness import local_trouble, why_nothing_runs
from runner.local.run_dir import RunDir
from runner.local.start_stop import start, stop_all
from runner.queue.app import make_app
from runner.queue.dispatch import send_pending
from runner.settings import Settings
from runner.store.engine import Store

LOOK_SECONDS = 0.5
# How often to see whether workers are still there and to send what nobody else did.
ENSURE_SECONDS = 5.0
MOST_STARTS = 3
# A worker that ended so often in a row is not waited for; its pauses have made it half a minute.
MOST_FAILED_STARTS = 5


Why = Callable[[Settings, Store], str | None]


class Telling:
    """Say once what keeps the jobs that are waited for from being worked on."""

    def __init__(self, settings: Settings, store: Store, why: Why = why_nothing_runs) -> None:
        self._settings = settings
        self._store = store
        self._why = why
        self._said: str | None = None
        self._asked = time.monotonic()

    def look(self) -> None:
        """Look now and then; whoever waits need not know why nothing is known just now."""
        if time.monotonic() - self._asked < ENSURE_SECONDS:
            return
        self._asked = time.monotonic()
        with suppress(UnavailableError):
            self.say(self._why(self._settings, self._store))

    def say(self, words: str | None) -> None:
        """Say it, unless it was said last."""
        if words is not None and words != self._said:
            tqdm.write(f"warning: {words}", file=sys.stderr)
        self._said = words


def wait_for(settings: Settings, store: Store, experiment_id: int) -> None:
    """Return when every job of the experiment has ended."""
    starts = 0
    ensured = -ENSURE_SECONDS
    # Local workers are started here: only that they do not stay is worth a word.
    why = why_nothing_runs if settings.broker_url else _local_trouble
    telling, sending = Telling(settings, store, why), Telling(settings, store)
    try:
        with Bar(store, experiment_id) as bar:
            while not bar.show():
                if time.monotonic() - ensured >= ENSURE_SECONDS:
                    starts += _ensure_workers(settings, store, sending)
                    ensured = time.monotonic()
                telling.look()
                if starts > MOST_STARTS or _failed_starts(settings) >= MOST_FAILED_STARTS:
                    raise _workers_do_not_stay(settings)
                time.sleep(LOOK_SECONDS)
    finally:
        if starts:
            stop_all(RunDir(settings.home))


def watch(settings: Settings, store: Store, experiment_id: int) -> None:
    """Show an experiment's progress until every job of it has ended."""
    telling = Telling(settings, store)
    with Bar(store, experiment_id) as bar:
        while not bar.show():
            telling.look()
            time.sleep(LOOK_SECONDS)


@contextmanager
def local_workers(settings: Settings) -> Iterator[None]:
    """Keep local workers up from one wait to the next; stop at the end what the waits started."""
    run_dir = RunDir(settings.home)
    began_with_some = run_dir.is_supervised() or settings.broker_url is not None
    try:
        if not began_with_some:
            start(settings, parent=os.getpid())
        yield
    finally:
        if not began_with_some:
            stop_all(run_dir)


def _ensure_workers(settings: Settings, store: Store, telling: Telling) -> bool:
    """Start the private broker and workers unless there are some; return whether it did."""
    started = settings.broker_url is None and start(settings, parent=os.getpid())
    app = make_app(settings.broker_url or RunDir(settings.home).broker_url)
    try:
        send_pending(store, app)
        telling.say(None)
    except UnavailableError as error:
        telling.say(f"{error.what}\n  to fix it: {error.fix}")
    return started


def _local_trouble(settings: Settings, _: Store) -> str | None:
    return local_trouble(settings)


def _failed_starts(settings: Settings) -> int:
    trouble = None if settings.broker_url else RunDir(settings.home).trouble()
    return 0 if trouble is None else trouble.failed_starts


def _workers_do_not_stay(settings: Settings) -> UnavailableError:
    return UnavailableError(
        "the local workers stop repeatedly",
        "workers that run until the experiment has ended",
        f"read {RunDir(settings.home).logs / 'worker.log'}; the jobs are saved",
    )
