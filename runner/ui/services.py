"""What the page needs of layers above it; the command line passes it in."""

from collections.abc import Callable
from dataclasses import dataclass

from runner.store.engine import Store

# Does what it is called with the numbers that it is about, and says what it did.
Action = Callable[[Store, str, tuple[int, ...]], str]


@dataclass(frozen=True, slots=True)
class Services:
    """The bundle of a trial as a zip archive; what changes the store, None if it is not allowed."""

    bundle: Callable[[Store, int], bytes]
    act: Action | None = None
