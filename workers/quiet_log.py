"""What Celery's log leaves out: advice for its developers, and the traceback of a lost process."""

import logging

from billiard.exceptions import WorkerLostError


def without_lost_traceback(record: logging.LogRecord) -> bool:
    """Take the traceback from the record of a lost process: it shows Celery's code, not the job's.

    The line itself says which signal the process died of.
    """
    if record.exc_info and record.exc_info[0] is WorkerLostError:
        record.exc_info = None
    return True


def is_for_users(record: logging.LogRecord) -> bool:
    """Tell whether a warning is no advice on a later version of Celery.

    After each lost connection Celery advises to stop running jobs then: they go on here.
    """
    return "CPendingDeprecationWarning" not in record.getMessage()


def quieten_log() -> None:
    """Leave both out of this process's log."""
    logging.getLogger("celery.worker.request").addFilter(without_lost_traceback)
    # Not by a filter of `warnings`: Celery adds its own, which comes first, when it starts.
    logging.getLogger("py.warnings").addFilter(is_for_users)
