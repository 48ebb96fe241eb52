"""Wait for an experiment with a live bar, keeping local workers up meanwhile if none are."""

import os
import sys
import time
from typing import NoReturn

from tqdm import tqdm

from runner.dispatch import send_pending
from runner.embedded.place import Place
from runner.embedded.start import start
from runner.embedded.stop import stop_all
from runner.errors import UnavailableError
from runner.queue import make_app
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.progress import Progress, progress_of

LOOK_SECONDS = 0.5
# How often to see whether workers are still there and to send what nobody else did.
ENSURE_SECONDS = 5.0
MOST_STARTS = 3


def wait_for(settings: Settings, store: Store, experiment_id: int) -> None:
    """Return when every job of the experiment has ended."""
    starts = 0
    ensured = -ENSURE_SECONDS
    try:
        with _bar(store, experiment_id) as bar:
            said = False
            while not _show(bar, progress := progress_of(store, experiment_id)):
                said = _say_paused(bar, progress, experiment_id, said)
                if time.monotonic() - ensured >= ENSURE_SECONDS:
                    starts += _ensure_workers(settings, store, bar)
                    ensured = time.monotonic()
                if starts > MOST_STARTS:
                    raise _workers_do_not_stay(settings)
                time.sleep(LOOK_SECONDS)
    finally:
        if starts:
            stop_all(Place(settings.home))


def watch(store: Store, experiment_id: int) -> None:
    """Show an experiment's progress until every job of it has ended."""
    with _bar(store, experiment_id) as bar:
        said = False
        while not _show(bar, progress := progress_of(store, experiment_id)):
            said = _say_paused(bar, progress, experiment_id, said)
            time.sleep(LOOK_SECONDS)


def _ensure_workers(settings: Settings, store: Store, bar: "tqdm[NoReturn]") -> bool:
    """Start the private broker and workers unless there are some; return whether it did."""
    started = settings.broker_url is None and start(settings, parent=os.getpid())
    app = make_app(settings.broker_url or Place(settings.home).broker_url)
    try:
        send_pending(store, app)
    except UnavailableError as error:
        bar.write(f"warning: {error.what}", file=sys.stderr)
    return started


def _workers_do_not_stay(settings: Settings) -> UnavailableError:
    return UnavailableError(
        "the local workers do not stay up",
        "workers that run until the experiment has ended",
        f"read {Place(settings.home).logs / 'worker.log'}; the jobs are kept",
    )


def _bar(store: Store, experiment_id: int) -> "tqdm[NoReturn]":
    progress = progress_of(store, experiment_id)
    return tqdm(
        total=progress.total,
        desc=f"experiment {experiment_id}",
        unit=progress.unit,
        bar_format="{desc} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} {unit}"
        " [{elapsed}<{remaining}]{postfix}",
        # Not a terminal: a line now and then instead of a moving bar.
        mininterval=0.1 if sys.stderr.isatty() else 10,
    )


def _say_paused(bar: "tqdm[NoReturn]", progress: Progress, experiment_id: int, said: bool) -> bool:
    """Say once that a pause is why nothing starts; return whether that holds and was said."""
    if progress.paused and not said:
        bar.write(
            f"experiment {experiment_id} is paused: nothing new starts until "
            f"`runner resume {experiment_id}`",
            file=sys.stderr,
        )
    return progress.paused


def _show(bar: "tqdm[NoReturn]", progress: Progress) -> bool:
    """Move the bar; return whether all is done."""
    states = ", ".join(f"{count} {state}" for state, count in progress.states.items() if count)
    best = "" if progress.best_val_accuracy is None else f", best {progress.best_val_accuracy:.3f}"
    paused = ", paused" if progress.paused else ""
    bar.set_postfix_str(states + best + paused, refresh=False)
    bar.update(progress.done - bar.n)
    if progress.ended:
        bar.refresh()
    return progress.ended
