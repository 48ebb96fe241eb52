"""How a Python process is started, and how it is told later whether it still lives."""

import gc
import os
import re
import sys
from functools import cache
from pathlib import Path

CONTAINER = re.compile(r"containers/([0-9a-f]{64})/")


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module; it imports nothing from the working directory."""
    return [sys.executable, "-P", "-m", module, *arguments]


@cache
def host_identity() -> str:
    """Return a name under which pids are comparable: the host, its boot and its pid namespace.

    A container has another namespace after each restart, and everything in the one before is gone:
    there the container itself is named, so that its own earlier processes are known to be dead.
    """
    import socket

    parts = [socket.gethostname()]
    if sys.platform == "linux":
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8])
        container = container_of(Path("/proc/self/mountinfo").read_text())
        parts.append(container or str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(parts)


def container_of(mountinfo: str) -> str | None:
    """Return the id of the Docker or Podman container whose mounts these are; None if of none.

    Both mount a file over /etc/hostname, from a directory that has the container's id as its name.
    """
    for line in mountinfo.splitlines():
        _, _, _, root, place, *_ = line.split()
        if place == "/etc/hostname" and (found := CONTAINER.search(root)):
            return found[1][:12]
    return None


def process_started(pid: int) -> str | None:
    """Return when a process started, in a form that no change of the clock moves; None if gone."""
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # A zombie holds its pid and does nothing any more.
        return None if fields[0] in "ZX" else fields[19]
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def is_alive(pid: int, started: str) -> bool:
    """Tell whether the very process that had this pid still runs."""
    return process_started(pid) == started


def own_identity() -> tuple[int, str]:
    """Return this process's pid and when it started."""
    pid = os.getpid()
    return pid, process_started(pid) or ""


def leave_garbage() -> None:
    """Let this process end at once: Python would first look through all its objects for garbage."""
    gc.freeze()
