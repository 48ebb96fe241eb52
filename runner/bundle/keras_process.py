"""Call what needs Keras in a process of its own, and pass on why it failed."""

import subprocess

from runner.environment import environment_for_children
from runner.errors import InputError
from runner.processes import python_command


def in_keras_process(*arguments: str) -> None:
    """Run `python -m workers.keras_files`; raise InputError with its last words if it fails."""
    done = subprocess.run(
        python_command("workers.keras_files", *arguments),
        env=environment_for_children(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise InputError(
            f"the model cannot be read or written: {words[-1]}",
            "a model of this version of Keras, and free disk space",
            "see the error above; `runner doctor` checks this machine",
        )
