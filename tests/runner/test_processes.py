"""A process is told apart from every other, also from a later one with its pid."""

import os
import signal
import subprocess
import sys

from runner.processes import container_of, host_identity, is_alive, own_identity, process_started


def test_this_process_is_alive_and_not_taken_for_another_with_its_pid() -> None:
    pid, started = own_identity()
    assert is_alive(pid, started)
    assert not is_alive(pid, f"{started}0")


def test_a_killed_process_is_not_alive_even_before_its_parent_has_waited_for_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = process_started(child.pid)
    assert started is not None
    assert is_alive(child.pid, started)
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(child.pid, started)
    child.communicate()
    assert not is_alive(child.pid, started)


def test_the_host_is_the_same_for_every_process_on_it() -> None:
    command = [sys.executable, "-c", "from runner.processes import *; print(host_identity())"]
    assert subprocess.check_output(command, text=True).strip() == host_identity()


CONTAINER = "0123456789ab" + "cd" * 26
# As Docker's and Podman's look from inside, and a machine that runs Docker from outside.
INSIDE = (
    f"651 640 8:1 /docker/containers/{CONTAINER}/hostname /etc/hostname rw - ext4 /dev/a rw",
    f"651 640 0:44 /overlay-containers/{CONTAINER}/userdata/hostname /etc/hostname rw - tmpfs a rw",
)
OUTSIDE = (
    f"90 28 0:4 / /var/lib/docker/containers/{CONTAINER}/mounts/shm rw shared:9 - tmpfs shm rw"
)


def test_a_container_that_was_restarted_is_the_same_host_for_what_was_killed_in_it() -> None:
    for mounts in INSIDE:
        assert container_of(f"{OUTSIDE}\n{mounts}\n") == CONTAINER[:12]
    assert container_of(f"{OUTSIDE}\n") is None
