"""An append-only file in which every attempt says what it did, beside the store: RUNNER_JOURNAL.

Who doubts the store reads it; the soak test does. One write is one line, so that any number of
processes may share the file.
"""

import json
import os
from typing import Any

from runner.store.lifecycle.attempts import AttemptKey

VARIABLE = "RUNNER_JOURNAL"


def record(what: str, key: AttemptKey, **facts: Any) -> None:
    """Append a line; nothing if no file is named."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    line = {"what": what, "job": key.job_id, "attempt": key.number, "pid": os.getpid(), **facts}
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{json.dumps(line)}\n".encode())
    finally:
        os.close(descriptor)
