"""Wait for an experiment with a live bar, keeping local workers up meanwhile if none are."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from runner.cli.bar import Bar
from runner.dispatch import send_pending
from runner.embedded.place import Place
from runner.embedded.start import start
from runner.embedded.stop import stop_all
from runner.errors import UnavailableError
from runner.queue import make_app
from runner.settings import Settings
from runner.store.engine import Store

LOOK_SECONDS = 0.5
# How often to see whether workers are still there and to send what nobody else did.
ENSURE_SECONDS = 5.0
MOST_STARTS = 3


def wait_for(settings: Settings, store: Store, experiment_id: int) -> None:
    """Return when every job of the experiment has ended."""
    starts = 0
    ensured = -ENSURE_SECONDS
    try:
        with Bar(store, experiment_id) as bar:
            while not bar.show():
                if time.monotonic() - ensured >= ENSURE_SECONDS:
                    starts += _ensure_workers(settings, store)
                    ensured = time.monotonic()
                if starts > MOST_STARTS:
                    raise _workers_do_not_stay(settings)
                time.sleep(LOOK_SECONDS)
    finally:
        if starts:
            stop_all(Place(settings.home))


def watch(store: Store, experiment_id: int) -> None:
    """Show an experiment's progress until every job of it has ended."""
    with Bar(store, experiment_id) as bar:
        while not bar.show():
            time.sleep(LOOK_SECONDS)


@contextmanager
def local_workers(settings: Settings) -> Iterator[None]:
    """Keep local workers up from one wait to the next; stop at the end what the waits started."""
    place = Place(settings.home)
    began_with_some = place.is_supervised() or settings.broker_url is not None
    try:
        if not began_with_some:
            start(settings, parent=os.getpid())
        yield
    finally:
        if not began_with_some:
            stop_all(place)


def _ensure_workers(settings: Settings, store: Store) -> bool:
    """Start the private broker and workers unless there are some; return whether it did."""
    started = settings.broker_url is None and start(settings, parent=os.getpid())
    app = make_app(settings.broker_url or Place(settings.home).broker_url)
    try:
        send_pending(store, app)
    except UnavailableError as error:
        tqdm.write(f"warning: {error.what}", file=sys.stderr)
    return started


def _workers_do_not_stay(settings: Settings) -> UnavailableError:
    return UnavailableError(
        "the local workers do not stay up",
        "workers that run until the experiment has ended",
        f"read {Place(settings.home).logs / 'worker.log'}; the jobs are kept",
    )
