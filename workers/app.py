"""The Celery application of the workers: what `celery -A workers.app` and Flower load."""

import os
import signal

from celery.signals import (
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)

from runner.environment import settle_in_place
from runner.needs import Offer
from runner.queue.app import make_app, queues_of
from runner.settings import Settings
from workers import context
from workers.drain import drain
from workers.leaving import Leaving
from workers.quiet_log import quieten_log
from workers.retrying import retry_while_unavailable

settings = Settings.from_environment()
quieten_log()

# Without a broker there is nothing to consume, but tasks can still be called in this process.
app = make_app(settings.broker_url or "memory://", queues_of(Offer.of(settings)))
app.conf.update(
    imports=["workers.tasks"],
    worker_consumer="workers.consumer:Consumer",
    # One message for each free slot: none waits behind a trial of three hours.
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    # A lost connection to the broker is no reason to stop a running trial.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=True,
)


@worker_process_init.connect
def _enter(**kwargs: object) -> None:  # noqa: ARG001 (the form of a signal handler)
    # For a worker that was not started by `runner`: TensorFlow is not imported yet.
    settle_in_place()
    # Whatever is wrong: without a context this process would take jobs and do none of them.
    entered = retry_while_unavailable(lambda: context.start(settings), outage=Exception)
    Leaving(entered.store, entered.heartbeat).start()


@worker_ready.connect
def _hang_up(**kwargs: object) -> None:  # noqa: ARG001
    # Celery would start itself anew, and beside it a second recovery: stop as for SIGTERM.
    signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))


@worker_shutting_down.connect
def _drain(**kwargs: object) -> None:  # noqa: ARG001
    drain.set()


@worker_process_shutdown.connect
def _leave(exitcode: int, **kwargs: object) -> None:  # noqa: ARG001
    context.stop()
    if drain.is_set():
        # The pool would wait a second for its parent, which hears of the end of a process anyway.
        os._exit(exitcode)
