"""The command line as a process, whatever its caller has done to its standard streams."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import ExitCode


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("status <&- >&- 2>&-", ExitCode.OK),
        ("status >&-", ExitCode.OK),
        ("no-such-command 2>&-", ExitCode.USAGE),
        ("sql - <&-", ExitCode.USAGE),
    ],
)
def test_closed_streams_change_no_exit_code(words: str, code: ExitCode, tmp_path: Path) -> None:
    ended = subprocess.run(
        ["sh", "-c", f'"$0" -P -m runner {words}', sys.executable],
        env=os.environ | {"RUNNER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr
