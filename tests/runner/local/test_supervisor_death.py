"""A supervisor may be killed at any moment: what it started is found, stopped, never doubled."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from runner.errors import UnavailableError
from runner.local import kept
from runner.local.broker import start_broker
from runner.local.kept import Kept
from runner.local.run_dir import RunDir, Trouble
from runner.local.start_stop import stop_all
from runner.local.supervisor import Supervisor
from tests.acceptance.command_line import processes_of
from tests.processes import wait_until

# A supervisor that kills itself at one moment of its start.
DIES = """
import os, signal, sys
from pathlib import Path
from runner.local import broker, supervisor
from runner.local.kept import Kept
from runner.local.run_dir import RunDir

die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
match sys.argv[2]:
    case "before the broker answers": broker._answers = die
    case "before the worker is noted":
        start = supervisor.Supervisor._start_worker
        supervisor.Supervisor._start_worker = lambda self: die(start(self))
    case "with all running": supervisor.Supervisor.run = die
sys.argv[1:] = []
supervisor.main()
"""


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[RunDir]:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    yield run_dir
    stop_all(run_dir)
    assert processes_of(tmp_path) == []


def test_a_supervisor_whose_parent_was_gone_before_it_looked_ends_itself(run_dir: RunDir) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as parent:
        pass
    subprocess.run(
        [sys.executable, "-m", "runner.local.supervisor", str(parent.pid)],
        cwd=run_dir.home,
        env={**os.environ, "RUNNER_HOME": str(run_dir.home), "RUNNER_SLOTS": "1"},
        check=True,
        timeout=100,
    )
    assert not run_dir.is_supervised()
    assert not run_dir.left_behind()


@pytest.mark.parametrize(
    "moment",
    [
        "before the broker answers",
        "before the worker is noted",
        "with all running",
    ],
)
def test_whenever_the_supervisor_is_killed_down_finds_what_it_left_and_no_second_broker_starts(
    run_dir: RunDir, moment: str
) -> None:
    subprocess.run(
        [sys.executable, "-c", DIES, "supervisor", moment],
        cwd=run_dir.home,
        env={**os.environ, "RUNNER_HOME": str(run_dir.home), "RUNNER_SLOTS": "1"},
        check=False,
    )
    assert not run_dir.is_supervised()
    assert run_dir.left_behind()
    with pytest.raises(UnavailableError, match="another broker is using the files"):
        start_broker(run_dir)
    assert stop_all(run_dir)
    assert run_dir.left_behind() == []
    again = start_broker(run_dir)
    again.terminate()
    again.wait()
    assert not stop_all(run_dir), "nothing was left"


def test_who_only_talks_to_the_broker_is_not_taken_for_it(run_dir: RunDir) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)", str(run_dir.socket)]
    with subprocess.Popen(command) as other:
        assert run_dir.left_behind() == []
        assert not stop_all(run_dir)
        assert other.poll() is None
        other.kill()


def test_a_worker_that_does_not_start_is_tried_again_after_growing_pauses_and_that_is_said(
    run_dir: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = run_dir.take()
    monkeypatch.setattr(
        Supervisor, "_start_worker", lambda _: subprocess.Popen([sys.executable, "-c", "raise 1"])
    )
    watching = Supervisor(run_dir)
    due = []

    def failed(times: int) -> bool:
        watching.worker.due = 0.0
        began = time.monotonic()
        watching.look()
        due.append((watching.worker.due - time.monotonic(), watching.worker.due - began))
        return watching.worker.failed_starts >= times

    wait_until(lambda: failed(5))
    trouble = run_dir.trouble()
    assert trouble is not None
    assert trouble.what.startswith("the worker does not start: it exited 5 times in a row")
    assert trouble.log == str(run_dir.logs / "worker.log")
    shortest, longest = due[-1]
    assert shortest <= 16 <= longest

    # One that stays is no trouble any more.
    stays = Kept("worker", lambda: subprocess.Popen(["sleep", "60"]), watching._remember)
    monkeypatch.setattr(kept, "START_SECONDS", 0.0)
    watching.worker = stays
    watching.look()
    watching.look()
    assert run_dir.trouble() is None
    watching.stop()
    assert run_dir.remembered() == {}
    assert lock is not None
    os.close(lock)


def test_trouble_of_a_supervisor_that_is_gone_is_not_told(run_dir: RunDir) -> None:
    run_dir.tell(Trouble("the worker does not start", "worker.log", 5))
    assert run_dir.trouble() is None
    (run_dir.directory / "trouble.json").write_text("nonsense")
    lock = run_dir.take()
    assert run_dir.trouble() is None
    assert lock is not None
    os.close(lock)


def test_a_note_that_was_damaged_hides_nothing(run_dir: RunDir) -> None:
    server = start_broker(run_dir)
    for nonsense in ("", "nonsense", "[]", '{"broker": 5}', '{"broker": ["x", "y"]}'):
        (run_dir.directory / "processes.json").write_text(nonsense)
        assert run_dir.remembered() == {}
    assert [process.pid for process in run_dir.left_behind()] == [server.pid]
    with redis.Redis(unix_socket_path=str(run_dir.socket)) as client:
        assert client.ping()
    assert stop_all(run_dir)
    server.wait()
