"""Pin a worker process to its device before TensorFlow is imported."""

import os
from pathlib import Path

import psutil
from billiard import current_process

# What a process with TensorFlow and a data set takes.
BYTES_PER_SLOT = 1.5e9


def gpus() -> list[str]:
    """Return the numbers of the NVIDIA devices that this process may use, without any driver."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [number for number in visible.split(",") if number not in ("", "-1")]
    found = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len(list(found.iterdir())))] if found.is_dir() else []


def count_slots(wanted: int) -> int:
    """Return how many jobs a worker executes at once: as wanted, else one for each GPU or core."""
    if wanted:
        return wanted
    if devices := gpus():
        return len(devices)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, int(psutil.virtual_memory().available / BYTES_PER_SLOT)))


def pin() -> str:
    """Give this process the device of its slot and return its name: `gpu:0`, or `cpu`.

    A child that replaces a dead one has the same slot, so it gets the same device.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    devices = gpus()
    slot = getattr(current_process(), "index", 0) or 0
    if not devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        return "cpu"
    chosen = devices[slot % len(devices)]
    os.environ["CUDA_VISIBLE_DEVICES"] = chosen
    return f"gpu:{chosen}"
