"""Whether this worker was told to stop: its main process says so, and all its children see it."""

import mmap
import time

LOOK_SECONDS = 0.2


class Drain:
    """A flag that is set once, in memory that is shared over a fork.

    It has no lock, as multiprocessing.Event has: a child that is killed while it holds or waits for
    one would block for ever whoever sets the flag.
    """

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def set(self) -> None:
        """Tell all processes to stop."""
        self._byte[0] = 1

    def clear(self) -> None:
        """Take it back."""
        self._byte[0] = 0

    def is_set(self) -> bool:
        """Tell whether to stop."""
        return self._byte[0] == 1

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until told to stop; return whether that is so."""
        deadline = time.monotonic() + seconds
        while not self.is_set() and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
        return self.is_set()


# Made before the fork, so that every child has the same one.
drain = Drain()
