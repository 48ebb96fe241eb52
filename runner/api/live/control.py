"""What cancel, retry, pause and resume did, in words: for the command line and the live page."""

from collections.abc import Sequence

from runner.settings import Settings
from runner.store.lifecycle.control import Cancelled, Paused, Target


def cancelled_text(settings: Settings, target: Target, done: Cancelled) -> str:
    """Return what a cancel ended, and what still has to stop."""
    words = f"{len(done.cancelled)} cancelled"
    if done.stopping:
        words += (
            f", {len(done.stopping)} running: each stops after its worker's next heartbeat "
            f"(every {settings.heartbeat_seconds:g} s)"
        )
    if not done.cancelled and not done.stopping:
        words = "nothing to cancel: all jobs have ended"
    return f"{target}: {words}"


def retried_text(target: Target, jobs: Sequence[int]) -> str:
    """Return how many jobs are pending again."""
    words = (
        f"{len(jobs)} pending again" if jobs else "nothing to retry: no job failed or was cancelled"
    )
    return f"{target}: {words}"


def paused_text(experiment: int, done: Paused) -> str:
    """Return whether an experiment was paused now, and what still runs."""
    words = "paused" if done.changed else "was already paused"
    return f"experiment {experiment}: {words}, {done.running} running"


def resumed_text(experiment: int, done: Paused) -> str:
    """Return whether an experiment was resumed now."""
    return f"experiment {experiment}: {'resumed' if done.changed else 'was not paused'}"
