"""How far the reading of images is, for whoever wants to show it: 60,000 files take seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Called with how many images of how many have been read.
Tell = Callable[[int, int], None]

_tell: ContextVar[Tell | None] = ContextVar("tell", default=None)


@contextmanager
def told_to(tell: Tell) -> Iterator[None]:
    """Call `tell` now and then while a data set is read inside the block."""
    token = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(token)


def has_read(done: int, total: int) -> None:
    """Say how many images of how many have been read."""
    if tell := _tell.get():
        tell(done, total)
