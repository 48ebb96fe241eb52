"""What Ctrl-C leaves behind, in true words: nothing, or an experiment that is stored."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from runner.settings import Settings


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl-C wait until the block has ended: what it does is done, or was never begun."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell without job control starts what runs in its background so.
        yield
        return
    came: list[int] = []

    def note(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the form of a handler)
        came.append(signum)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


@contextmanager
def explained(words: list[str]) -> Iterator[None]:
    """Give Ctrl-C inside the block the newest of these words, which the block may add to."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(words[-1]) from None


def kept(settings: Settings, experiment: int) -> str:
    """Return what is to be said of an experiment that is stored."""
    workers = "the workers continue" if settings.broker_url else "`runner up` continues"
    return (
        f"experiment {experiment} is submitted and its jobs are saved; {workers} with them, "
        f"`runner watch {experiment}` shows the progress, `runner cancel {experiment}` cancels "
        "them"
    )
