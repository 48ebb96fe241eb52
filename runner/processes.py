"""Who a process is: enough to tell, later and from outside, whether it still lives."""

import os
import platform
import socket
from functools import cache
from pathlib import Path

import psutil


@cache
def host_identity() -> str:
    """Return a name under which pids are comparable: the host, its boot and its pid namespace."""
    parts = [socket.gethostname()]
    if platform.system() == "Linux":
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8])
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(parts)


def process_started(pid: int) -> str | None:
    """Return when a process started, in a form that no change of the clock moves; None if gone."""
    if platform.system() == "Linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # A zombie holds its pid and does nothing any more.
        return None if fields[0] in "ZX" else fields[19]
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
