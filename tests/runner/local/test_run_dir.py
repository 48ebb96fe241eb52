"""The embedded mode's files belong to one user and fit the kernel's limits."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runner.local.run_dir import LONGEST_SOCKET_PATH, RunDir
from tests.processes import wait_until


def test_only_the_owner_can_reach_the_broker(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    assert stat.S_IMODE(run_dir.socket.parent.stat().st_mode) == 0o700


def test_a_home_with_a_long_path_has_a_socket_that_fits_and_is_its_own(tmp_path: Path) -> None:
    long, other = (RunDir(tmp_path / (letter * 120)) for letter in "ab")
    assert len(os.fsencode(long.socket)) <= LONGEST_SOCKET_PATH
    assert long.socket != other.socket
    long.create()
    assert long.socket.parent.is_dir()
    long.socket.parent.rmdir()


def test_one_lock_one_supervisor(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    assert not run_dir.is_supervised()
    lock = run_dir.take()
    assert lock is not None
    assert run_dir.take() is None
    assert run_dir.is_supervised()
    os.close(lock)
    assert not run_dir.is_supervised()


def test_a_supervisor_begins_while_commands_look_whether_one_lives(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    ended = threading.Event()
    found = []

    def look() -> None:
        while not ended.is_set():
            found.append(run_dir.is_supervised())

    (run_dir.directory / "lock").touch()
    with ThreadPoolExecutor(2) as threads:
        looks = [threads.submit(look) for _ in range(2)]
        try:
            wait_until(lambda: len(found) > 100)
            assert not any(found), "no supervisor lives"
            for _ in range(20):
                lock = run_dir.take()
                assert lock is not None
                os.close(lock)
        finally:
            ended.set()
    assert [each.result() for each in looks] == [None, None]


def test_a_process_that_is_gone_is_not_remembered(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    assert run_dir.remembered() == {}
    run_dir.remember({"own": os.getpid(), "gone": 2**22 + 1})
    assert list(run_dir.remembered()) == ["own"]
