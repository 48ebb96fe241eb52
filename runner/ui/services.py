"""What the page needs of layers above it; the command line passes it in."""

from collections.abc import Callable
from dataclasses import dataclass

from runner.store.engine import Store


@dataclass(frozen=True, slots=True)
class Services:
    """The bundle of a trial as a zip archive."""

    bundle: Callable[[Store, int], bytes]
