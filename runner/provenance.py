"""Where results come from: the code, the packages and the command that made them."""

import platform
import shlex
import socket
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

DISTRIBUTION = "cifar-experiment-runner"
PACKAGES = (
    *("celery", "jax", "keras", "lime", "numpy", "redis", "sqlalchemy", "talos", "tensorflow"),
)


def collect() -> dict[str, Any]:
    """Return the provenance of a submission made by this process, as plain JSON."""
    commit, dirty = _commit()
    return {
        # A file's name need not be UTF-8; what is stored is.
        "command": shlex.join(["runner", *sys.argv[1:]]).encode(errors="backslashreplace").decode(),
        "version": _version(DISTRIBUTION),
        "commit": commit,
        "dirty": dirty,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _commit() -> tuple[str | None, bool | None]:
    """Return the commit of the code and whether files differ from it; nothing outside git."""
    source = Path(__file__).resolve().parent.parent
    if not (source / ".git").exists():
        return None, None
    try:
        commit = _git(source, "rev-parse", "HEAD")
        changes = _git(source, "status", "--porcelain", "--", "cifar_model", "runner", "workers")
    except (OSError, subprocess.SubprocessError):
        return None, None
    return commit, bool(changes)


def _git(directory: Path, *arguments: str) -> str:
    command = ["git", "-C", str(directory), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
