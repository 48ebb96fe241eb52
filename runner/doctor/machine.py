"""Find what this machine lacks, and what it shows that it should not."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path, PurePath

import psutil

from runner.doctor.finding import Finding, examined
from runner.settings import Settings
from runner.store.url import sqlite_file

LEAST_DISK_BYTES = 1_000_000_000
LEAST_DEVICE_MEGABYTES = 1_000
ANSWER_SECONDS = 20

PASSWORDS = ("basic_auth", "auth")


def examine_machine(settings: Settings) -> Iterator[Finding]:
    """Return what is wrong with this machine."""
    yield from examined("the disk", disks(settings))
    yield from examined("the devices", devices())
    yield from examined("the running Flower servers", flowers())


def disks(settings: Settings) -> Iterator[Finding]:
    """Find that a disk is almost full, of the home or of the database."""
    file = sqlite_file(settings.database_url)
    places: dict[int, Path] = {}
    for wanted in (settings.home, *((file.parent,) if file else ())):
        there = next(place for place in (wanted, *wanted.parents) if place.exists())
        places.setdefault(there.stat().st_dev, there)
    for place in places.values():
        yield from disk_space(str(place), shutil.disk_usage(place).free)


def devices() -> Iterator[Finding]:
    """Ask the driver of NVIDIA, where there is one, for the memory of its devices."""
    if program := shutil.which("nvidia-smi"):
        query = "--query-gpu=index,memory.free"
        answer = subprocess.run(
            [program, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
        yield from device_memory(answer.stdout)


def flowers() -> Iterator[Finding]:
    """Look for a Flower among the processes."""
    for process in psutil.process_iter():
        try:
            if "flower" in (command := process.cmdline()):
                yield from exposed_flower(command, process.environ())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def disk_space(place: str, free: int) -> Iterator[Finding]:
    """Find a disk that is almost full."""
    if free < LEAST_DISK_BYTES:
        yield Finding(
            f"only {free / 1e9:.1f} GB are free at {place}",
            "checkpoints and models may not fit, and jobs then wait or fail",
            "free some space, or set RUNNER_HOME to another disk",
        )


def device_memory(answer: str) -> Iterator[Finding]:
    """Find devices whose memory someone else has, in what nvidia-smi says."""
    for line in answer.splitlines():
        device, _, free = line.partition(",")
        if free.strip().isdigit() and int(free) < LEAST_DEVICE_MEGABYTES:
            yield Finding(
                f"device {device} has only {free.strip()} MB of free memory",
                "trials on it can run out of memory",
                "stop the processes that use it (`nvidia-smi` lists them), or remove it from "
                "CUDA_VISIBLE_DEVICES",
            )


def exposed_flower(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Finding]:
    """Find a Flower that anyone in the network may use; `runner flower` asks for a login always."""
    if "runner" in {PurePath(word).name for word in command}:
        return
    options = [word.removeprefix("--").replace("-", "_").partition("=") for word in command]
    given = {name: value for name, _, value in options}
    address = given.get("address") or environment.get("FLOWER_ADDRESS", "")
    asks = any(given.get(n) or environment.get(f"FLOWER_{n.upper()}") for n in PASSWORDS)
    if not asks and not _is_loopback(address):
        yield Finding(
            f"Flower listens on {address or 'every address'} and requires no password",
            "anyone who can reach it can read every job and stop workers",
            "start it with `runner flower`, or set FLOWER_BASIC_AUTH=USER:PASSWORD",
        )


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
