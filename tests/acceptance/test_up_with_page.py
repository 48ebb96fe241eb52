"""`runner up --ui`: the live page is one of the processes that the supervisor keeps running."""

import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from runner.local.run_dir import RunDir
from tests.acceptance.command_line import Runner, processes_of
from tests.processes import unused_port, wait_until


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path)
    yield runner
    runner("down")
    assert processes_of(tmp_path) == []


def status_of(address: str) -> int:
    """Return the status of an answer, to one who keeps the cookie that the address gives."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with browser.open(address) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code


def test_the_page_is_kept_running_until_down(runner: Runner) -> None:
    port = unused_port()
    options = ("up", "--ui", "--no-browser", "--allow-actions", "--port", str(port))
    printed = runner(*options).stderr
    [address] = [line.split()[-1] for line in printed.splitlines() if "the page:" in line]
    assert status_of(address) == 200
    assert status_of(address.partition("?")[0]) == 403
    assert runner.look("status")["page"] == address
    # Also where it runs already.
    assert address in runner(*options).stderr
    assert "with other options" in runner("up", "--ui", "--no-browser", code=2).stderr

    run_dir = RunDir(runner.directory / "results")
    killed = run_dir.remembered()["page"]
    assert killed.pid in {process.pid for process in run_dir.left_behind()}
    os.kill(killed.pid, signal.SIGKILL)
    wait_until(
        lambda: run_dir.remembered().get("page", killed) != killed,
        explain=(run_dir.logs / "supervisor.log").read_text,
    )
    # The same token: who has opened the page stays on it.
    assert address in runner(*options).stderr
    assert status_of(address) == 200

    runner("down")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))
    assert runner.look("status")["page"] is None


def test_a_port_in_use_is_an_error_before_anything_starts(runner: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = runner("up", "--ui", "--no-browser", "--port", str(port), code=2)
    assert f"127.0.0.1:{port}" in refused.stderr
    assert not RunDir(runner.directory / "results").is_supervised()


def test_an_option_of_the_page_needs_a_page(runner: Runner) -> None:
    assert "--port requires --ui" in runner("up", "--port", "8081", code=2).stderr
