"""Programs that a test starts, waits for and ends."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SECONDS = 60

NOBODY = 65534


def as_another_user() -> None:
    """Continue as a user who may do little, where the tests run as root."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[int]:
    """Keep a program running, in its own directory, until the block ends; yield its pid."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command, cwd=log.parent, env=environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield process.pid
        finally:
            end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, and ask again if it did not hear.

    Flower ends by an exception that its signal handler raises, and Python loses an exception that
    comes while a destructor runs.
    """
    for _ in range(3):
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS / 3)
            return
    raise AssertionError(f"{process.args!r} did not end within {SECONDS} s")


def wait_until(
    condition: Callable[[], Any],
    what: str = "the condition holds",
    explain: Callable[[], str] = str,
    seconds: float = SECONDS,
) -> Any:
    """Wait for a condition and return what it gave; fail with an explanation if it never holds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{explain()}"
        time.sleep(0.1)
    return value


def unused_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
