"""Pin a worker process to its device before TensorFlow is imported, and leave lost ones alone."""

import multiprocessing
import os
import re
from dataclasses import dataclass
from pathlib import Path

import psutil
from billiard import current_process

# What a process with TensorFlow and a data set takes.
BYTES_PER_SLOT = 1.5e9

# One loss may be the job's doing, two are the device's.
MOST_LOSSES = 2

# How the driver reports that it gave a device up; to be out of memory is the job's own failure.
LOST = re.compile(r"CUDA_ERROR_(?!OUT_OF_MEMORY)\w+")


def gpus() -> list[str]:
    """Return the numbers of the NVIDIA devices that this process may use, without any driver."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [number for number in visible.split(",") if number not in ("", "-1")]
    found = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len(list(found.iterdir())))] if found.is_dir() else []


def count_slots(wanted: int | None) -> int:
    """Return how many jobs a worker executes at once: as wanted, else one for each GPU or core."""
    if wanted:
        return wanted
    if devices := gpus():
        return len(devices)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, int(psutil.virtual_memory().available / BYTES_PER_SLOT)))


# By position in `gpus()`. Made before the fork, so that a child that replaces a dead one knows;
# forgotten when the worker is started again, as after a repair.
_losses = multiprocessing.Array("i", 64)


@dataclass(frozen=True, slots=True)
class Device:
    """The device of this process: a GPU by its position in `gpus()`, or None for the processor."""

    name: str
    position: int | None = None

    def is_lost(self, error: Exception) -> bool:
        """Tell whether an error says that the device is gone, and count it if it does."""
        if self.position is None or not LOST.search(str(error)):
            return False
        with _losses:
            _losses[self.position] += 1
        return True

    def is_left_alone(self) -> bool:
        """Tell whether this process has no device that could be used."""
        return self.position is not None and _losses[self.position] >= MOST_LOSSES


def pin() -> Device:
    """Give this process the device of its slot and return it; its name is `gpu:0`, or `cpu`.

    A child that replaces a dead one has the same slot, so it gets the same device, unless that
    was lost too often: then it shares another.
    """
    devices = gpus()
    slot = getattr(current_process(), "index", 0) or 0
    if not devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        # That CUDA does not start is an error to TensorFlow, and here it is none.
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        # Nor is it one to JAX, which would look for one all the same.
        os.environ["JAX_PLATFORMS"] = "cpu"
        return Device("cpu")
    usable = [position for position in range(len(devices)) if _losses[position] < MOST_LOSSES]
    chosen = slot % len(devices)
    if usable and chosen not in usable:
        chosen = usable[slot % len(usable)]
    os.environ["CUDA_VISIBLE_DEVICES"] = devices[chosen]
    return Device(f"gpu:{devices[chosen]}", chosen)
