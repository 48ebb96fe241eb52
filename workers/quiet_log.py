"""What Celery's log leaves out: advice for its developers, and the traceback of a lost process."""

import logging
import warnings

from billiard.exceptions import WorkerLostError
from celery.exceptions import CPendingDeprecationWarning


def without_lost_traceback(record: logging.LogRecord) -> bool:
    """Take the traceback from the record of a lost process: it shows Celery's code, not the job's.

    The line itself says which signal the process died of.
    """
    if record.exc_info and record.exc_info[0] is WorkerLostError:
        record.exc_info = None
    return True


def quieten_log() -> None:
    """Leave both out of this process's log."""
    logging.getLogger("celery.worker.request").addFilter(without_lost_traceback)
    # After each lost connection Celery advises to stop running jobs then: they go on here.
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
