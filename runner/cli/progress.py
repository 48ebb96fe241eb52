"""Wait for an experiment and show its progress, keeping local workers up meanwhile if none are."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runner.api.waiting import Telling, Waiting
from runner.cli.live.bar import Bar
from runner.cli.live.table import LiveTable
from runner.local.run_dir import RunDir
from runner.local.start_stop import start, stop_all
from runner.settings import Settings
from runner.store.engine import Store

LOOK_SECONDS = 0.5


def wait_for(
    settings: Settings,
    store: Store,
    experiment_id: int,
    give_up: Callable[[], bool] = lambda: False,
) -> None:
    """Return when every job of the experiment has ended, or when `give_up` says so."""
    with waited_for(settings, store, experiment_id, give_up):
        pass


@contextmanager
def waited_for(
    settings: Settings,
    store: Store,
    experiment_id: int,
    give_up: Callable[[], bool] = lambda: False,
) -> Iterator[Callable[[], None]]:
    """Begin the block when `wait_for` would return, and stop the local workers at its end.

    It is given what lets them begin to stop while it does what needs none.
    """
    display = _display(settings, store, experiment_id)
    with Waiting(settings, store, display.say) as waiting:
        with display:
            while not display.show() and not give_up():
                waiting.look()
                time.sleep(LOOK_SECONDS)
        yield waiting.ended


def watch(settings: Settings, store: Store, experiment_id: int) -> None:
    """Show an experiment's progress until every job of it has ended."""
    display = _display(settings, store, experiment_id)
    telling = Telling(settings, store, display.say)
    with display:
        while not display.show():
            telling.look()
            time.sleep(LOOK_SECONDS)


def _display(settings: Settings, store: Store, experiment_id: int) -> LiveTable | Bar:
    """Return a live table for a terminal that can be painted on, else a bar or lines."""
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return LiveTable(settings, store, experiment_id)
    return Bar(store, experiment_id)


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
