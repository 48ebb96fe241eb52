"""Where the embedded mode keeps its files, and which processes it has started."""

import fcntl
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runner.errors import UnavailableError
from runner.processes import is_alive, process_started

# The kernel's limit for the path of a unix socket is 108 bytes, 104 on macOS.
LONGEST_SOCKET_PATH = 100
# Anything else would have to be quoted in a URL, and not every client reads that back as bytes.
PLAIN = re.compile(rb"[A-Za-z0-9/._-]+")
# What fails is seen before; so long can a start take on a host that is busy with other work.
LONGEST_START_SECONDS = 300.0
# A lock that is held for longer is a supervisor's or a broker's. A command that looks whether a
# supervisor lives holds it for microseconds.
TAKE_SECONDS = 0.5
# Above this layer; it is started by its name.
PAGE_MODULE = "runner.cli.web.supervised"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that was started; its start tells it apart from a later one with its pid."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Tell whether it still runs."""
        return is_alive(self.pid, self.started)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a supervisor cannot keep running, though it goes on trying, and where to read why.

    `failed_starts` counts those of the broker or of the workers, which jobs wait for.
    """

    what: str
    log: str
    failed_starts: int


@dataclass(frozen=True, slots=True)
class RunDir:
    """The files of the embedded mode under one RUNNER_HOME."""

    home: Path

    @property
    def directory(self) -> Path:
        """Return the directory for locks, the socket and the broker's file."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """Return the directory of the logs."""
        return self.home / "logs"

    @property
    def socket(self) -> Path:
        """Return the broker's socket, whose path is short and plain.

        It is in the temporary directory where the home's path is not.
        """
        socket = self.directory / "broker.sock"
        path = os.fsencode(socket)
        if len(path) <= LONGEST_SOCKET_PATH and PLAIN.fullmatch(path):
            return socket
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"runner-{os.getuid()}-{name}" / "broker.sock"

    @property
    def broker_url(self) -> str:
        """Return the URL under which Celery finds the private broker."""
        return f"redis+socket://{quote(str(self.socket))}"

    def create(self) -> None:
        """Make the directories, open to their owner alone.

        Raises UnavailableError where that cannot be, as in the home of another user.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            for directory in (self.directory, self.socket.parent):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                if directory.stat().st_uid != os.getuid():
                    raise _not_ours(directory, "it belongs to another user")
                directory.chmod(0o700)
        except OSError as error:
            raise _not_ours(Path(error.filename or self.home), str(error.strerror)) from error

    def take(self, lock: str = "lock") -> int | None:
        """Take the lock that a supervisor holds while it lives; None if one holds it."""
        deadline = time.monotonic() + TAKE_SECONDS
        while (descriptor := self._locked(lock, fcntl.LOCK_EX)) is None:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        return descriptor

    def is_supervised(self) -> bool:
        """Tell whether a supervisor lives."""
        try:
            (self.directory / "lock").lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise _not_ours(self.directory, str(error.strerror)) from error
        # Shared, so that two that look at the same time do not take each other for a supervisor.
        descriptor = self._locked("lock", fcntl.LOCK_SH)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def _locked(self, lock: str, kind: int) -> int | None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(self.directory / lock, flags, 0o600)
        except OSError as error:
            raise _not_ours(self.directory / lock, str(error.strerror)) from error
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def note(self, name: str, content: Mapping[str, Any] | None) -> None:
        """Write a file as JSON, whole and readable by its owner alone; None removes it."""
        file = self.directory / name
        if content is None:
            file.unlink(missing_ok=True)
            return
        new = self.directory / f"{name}.new"
        new.touch(mode=0o600)
        new.write_text(json.dumps(content))
        new.replace(file)

    def remember(self, processes: dict[str, int]) -> None:
        """Note the pids that were started, so that they can be found after a crash."""
        known = {
            name: [pid, started]
            for name, pid in processes.items()
            if (started := process_started(pid)) is not None
        }
        self.note("processes.json", known)

    def remembered(self) -> dict[str, Process]:
        """Return the noted processes that still live."""
        # Unreadable: someone else wrote it. `left_behind` finds them all the same.
        with suppress(FileNotFoundError, NotADirectoryError, ValueError, TypeError, AttributeError):
            known = json.loads((self.directory / "processes.json").read_text())
            processes = {name: Process(*identity) for name, identity in known.items()}
            return {name: process for name, process in processes.items() if process.alive}
        return {}

    def left_behind(self) -> list[Process]:
        """Return the brokers, workers and pages that were started here, noted or not.

        A supervisor may die at any moment, also between a start and its note; their command lines
        name the socket.
        """
        import psutil

        # The second is how a server that runs calls itself.
        signs = (
            f"--unixsocket {self.socket} ",
            f"unixsocket:{self.socket}",
            f"-m workers {self.broker_url}",
            f"-m {PAGE_MODULE} {self.broker_url}",
        )
        found = {}
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                command = " ".join(process.cmdline())
                if any(sign in command for sign in signs):
                    found[process.pid] = process.ppid()
        return [
            Process(pid, started)
            for pid, parent in found.items()
            # The processes of a worker end with it.
            if parent not in found and (started := process_started(pid)) is not None
        ]

    def tell(self, trouble: Trouble | None) -> None:
        """Note what does not run, for whoever waits for it; None when all does."""
        self.note("trouble.json", None if trouble is None else asdict(trouble))

    def trouble(self) -> Trouble | None:
        """Return what the supervisor that lives cannot keep running."""
        with suppress(OSError, ValueError, TypeError, UnavailableError):
            if self.is_supervised():
                return Trouble(**json.loads((self.directory / "trouble.json").read_text()))
        return None


def _not_ours(path: Path, why: str) -> UnavailableError:
    return UnavailableError(
        f"{path} cannot be used: {why}",
        "a RUNNER_HOME that this user can write to",
        "set RUNNER_HOME to a directory of your own, or run the command as the owner of this one",
    )
