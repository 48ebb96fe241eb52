"""What a check's processes leave for one another: the newest checkpoint, and the epochs so far."""

import json
import os
import signal
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from cifar_model.checking.plan import UNDISTURBED, Result


class Files:
    """The directory of a process, and of the one that resumes after it."""

    def __init__(self, directory: Path) -> None:
        self.first = directory.parent / UNDISTURBED
        self.checkpoint = directory / "checkpoint"
        self.history = directory / "epochs.json"

    def resume(self) -> bytes | None:
        """Return the newest checkpoint; None if there is none."""
        return self.checkpoint.read_bytes() if self.checkpoint.exists() else None

    def epochs(self) -> list[dict[str, float]]:
        """Return the metrics of the epochs that were recorded, by any of the processes."""
        return json.loads(self.history.read_text()) if self.history.exists() else []

    def record(self, epoch: int, metrics: Mapping[str, float], checkpoint: bytes | None) -> None:
        """Keep an epoch as a worker does."""
        known = [*self.epochs()[: epoch - 1], dict(metrics)]
        self.history.write_text(json.dumps(known))
        if checkpoint is not None:
            self.checkpoint.write_bytes(checkpoint)

    def middle_seconds(self) -> float:
        """Return half of what an epoch took in the life that was not disturbed."""
        first = Result.read(self.first)
        return first.outcomes[0].seconds / 2 if first else 0.0

    def forget(self) -> None:
        """Begin another trial."""
        self.checkpoint.unlink(missing_ok=True)
        self.history.unlink(missing_ok=True)


def die() -> None:
    """Kill this process, which can do nothing about it."""
    os.kill(os.getpid(), signal.SIGKILL)


def digest(content: bytes) -> str:
    """Return the SHA-256 by which two processes compare what they left."""
    return sha256(content).hexdigest()
