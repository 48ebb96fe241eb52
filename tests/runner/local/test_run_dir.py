"""The embedded mode's files belong to one user and fit the kernel's limits."""

import os
import stat
from pathlib import Path

from runner.local.run_dir import LONGEST_SOCKET_PATH, RunDir


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


def test_a_process_that_is_gone_is_not_remembered(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path)
    run_dir.create()
    assert run_dir.remembered() == {}
    run_dir.remember({"own": os.getpid(), "gone": 2**22 + 1})
    assert list(run_dir.remembered()) == ["own"]
