"""The command line as a person runs it, in a directory of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from click.testing import CliRunner

from runner.cli import cli
from tests import processes

# Tiny, but the real network, queue, store and workers. Momentum 0.9 because the runs are short.
TINY_NETWORK = ["--param", "batch_norm_momentum=0.9", "--param", "blocks=1", "--param", "filters=4"]
TINY = ["--dataset", "shapes", "--train-size", "64", *TINY_NETWORK]

SECONDS = 600
WORK_SECONDS = 120


class Runner:
    """Run `runner` commands with one environment."""

    def __init__(self, directory: Path, **variables: str) -> None:
        self.directory = directory
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RUNNER_")},
            "RUNNER_SLOTS": "1",
            "RUNNER_DATA_DIR": data_directory().name,
            **variables,
        }

    def __call__(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command and expect its exit code."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr + self.logs()
        return done

    def json(self, *arguments: str) -> Any:
        """Run a command that prints one JSON document and nothing else."""
        return json.loads(self(*arguments, "--format", "json").stdout)

    def look(self, *arguments: str) -> Any:
        """Return what `json` does, from this process: for what is asked until it is so.

        A process takes more than a second of a core, which the workers that are waited for need.
        """
        home = {"RUNNER_HOME": str(self.directory / "results")}
        done = CliRunner().invoke(
            cli,
            [*arguments, "--format", "json"],
            env={**home, **self.environment},
            catch_exceptions=False,
        )
        assert done.exit_code == 0, done.output + self.logs()
        return json.loads(done.stdout)

    def start(self, *arguments: str, before: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        """Start a command, after the words before it, and leave it running."""
        with (self.directory / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [*before, *self.command(*arguments)],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a `runner` command."""
        return [sys.executable, "-m", "runner", *arguments]

    def logs(self) -> str:
        """Return the ends of the logs, for a failure's message."""
        found = [*self.directory.glob("*.log"), *self.directory.glob("results/logs/*.log")]
        return "".join(f"\n== {log.name}\n{log.read_text()[-2000:]}" for log in found)


@cache
def data_directory() -> TemporaryDirectory[str]:
    """Make a data directory that all tests of this process share.

    In a new one, the first command has to draw the built-in data set: a second of CPU time.
    """
    return TemporaryDirectory()


def wait_until(
    condition: Callable[[], Any],
    what: str = "the condition holds",
    explain: Callable[[], str] = str,
    seconds: float = WORK_SECONDS,
) -> Any:
    """Wait as the tests of one process do, but long enough for workers to start and to train."""
    return processes.wait_until(condition, what, explain, seconds)


def processes_of(directory: Path) -> list[str]:
    """Return the command lines of the processes that work in a directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(directory):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found
