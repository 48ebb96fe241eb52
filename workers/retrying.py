"""Wait for a store that is away: an outage costs time, never a trial."""

import logging
from collections.abc import Callable
from typing import TypeVar

from runner.loop_errors import LoopErrors
from runner.store.engine import StoreUnavailable
from workers.drain import drain

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0


def retry_while_unavailable(
    call: Callable[[], Answer], outage: type[Exception] = StoreUnavailable
) -> Answer:
    """Call until the store answers; a drain ends the wait with the error.

    Which errors of a database are an outage is said in runner/store/dialects.py. What is called
    must be harmless to repeat: a commit whose answer was lost may have happened.
    """
    seconds = FIRST_WAIT_SECONDS
    errors = LoopErrors(logger, "waiting for the store")
    while True:
        try:
            return call()
        except outage as error:
            errors.log(error)
            if drain.wait(seconds):
                raise
            seconds = min(2 * seconds, LONGEST_WAIT_SECONDS)
