"""What a trainer is given beside its params: seed, data, the way to resume and to report."""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cifar_model.data import Dataset
from cifar_model.errors import DivergedError, InputError, shown
from cifar_model.objective import SHARES
from cifar_model.trainers.state import State

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Reported:
    """One epoch as a trainer reported it; `state` is what it resumes from, None if it cannot."""

    epoch: int
    metrics: Mapping[str, float]
    seconds: float
    state: bytes | None


class Context:
    """Belong to one run of a trainer.

    `seed` is the trial's; `data` has the splits `train`, `validation` and `test`, each with
    `images` (n, height, width, channels) as bytes and `labels` (n,), or is None without a data set.
    """

    def __init__(
        self,
        seed: int,
        data: Dataset | None,
        record: Callable[[Reported], None],
        state: bytes | None = None,
    ) -> None:
        self.seed = seed
        self.data = data
        # The files that were saved, by their names.
        self.files: dict[str, bytes] = {}
        self._record = record
        self._state = None if state is None else State.unpack(state)
        self._epoch = 0
        self._started = time.perf_counter()
        self._stop: BaseException | None = None

    def resume(self) -> bytes | None:
        """Return the checkpoint of the last epoch that was reported; None to begin at epoch 1."""
        if self._state is None:
            return None
        self._epoch, self.files = self._state.epoch, dict(self._state.files)
        return self._state.checkpoint

    def report(
        self, epoch: int, metrics: Mapping[str, float], checkpoint: bytes | None = None
    ) -> None:
        """Record an epoch, numbered from 1, and the bytes from which training resumes after it.

        Raises an exception, which the trainer must let pass, if the job is cancelled or stopped.
        """
        self.end()
        if epoch != self._epoch + 1:
            raise _misused(
                f"reported epoch {shown(epoch)}", f"epoch {self._epoch + 1}, each once and in turn"
            )
        checked = _checked_metrics(epoch, metrics)
        if checkpoint is not None and not isinstance(checkpoint, bytes):
            raise _misused(f"gave {type(checkpoint).__name__} as a checkpoint", "bytes or None")
        state = None if checkpoint is None else State(epoch, checkpoint, self.files).pack()
        now = time.perf_counter()
        try:
            self._record(Reported(epoch, checked, now - self._started, state))
        except BaseException as stop:
            self._stop = stop
            raise
        self._epoch, self._started = epoch, now

    def save(self, name: str, content: bytes) -> None:
        """Keep a file with the trial; one of the same name is replaced."""
        if not isinstance(name, str) or not FILE_NAME.fullmatch(name):
            raise _misused(
                f"saved a file as {shown(name)}", "a name of letters, digits, '.', '_' and '-'"
            )
        if not isinstance(content, bytes):
            raise _misused(f"saved {type(content).__name__} as {name}", "bytes")
        self.files[name] = content

    @property
    def epochs(self) -> int:
        """Return how many epochs were reported so far."""
        return self._epoch

    def end(self) -> None:
        """Stop again if a trainer went on after it was told to stop."""
        if self._stop is not None:
            raise self._stop


def _checked_metrics(epoch: int, metrics: Mapping[str, float]) -> dict[str, float]:
    if not isinstance(metrics, Mapping) or not metrics:
        raise _misused(
            f"reported {shown(metrics)} of epoch {epoch}",
            'a dictionary of names and numbers, such as {"val_loss": 0.5}',
        )
    checked = {}
    for name, value in metrics.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise _misused(f"reported a metric named {shown(name)}", "a name such as val_loss")
        try:
            checked[name] = float(value)
        except (TypeError, ValueError) as error:
            raise _misused(f"reported {name}={shown(value)}", "a number") from error
        if not math.isfinite(checked[name]):
            raise DivergedError(f"diverged in epoch {epoch}: {name} {checked[name]}")
        if name in SHARES and not 0 <= checked[name] <= 1:
            raise _misused(f"reported {name}={shown(value)}", "a share from 0 to 1")
    return checked


def _misused(what: str, expected: str) -> InputError:
    return InputError(f"the trainer {what}", expected, "correct the trainer; see docs/trainers.md")
