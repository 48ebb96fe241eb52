"""A drain that processes share, whatever becomes of one of them."""

import os
import signal
import time

from workers.drain import Drain


def test_a_child_sees_what_its_parent_sets_after_the_fork() -> None:
    drain = Drain()
    child = os.fork()
    if child == 0:
        os._exit(0 if drain.wait(30) else 1)
    drain.set()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_children_that_are_killed_while_they_wait_hold_nobody_up() -> None:
    drain = Drain()
    for _ in range(20):
        child = os.fork()
        if child == 0:
            drain.wait(30)
            os._exit(0)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    before = time.monotonic()
    drain.set()
    assert drain.wait(30)
    assert time.monotonic() - before < 5


def test_nobody_waits_longer_than_asked() -> None:
    drain = Drain()
    before = time.monotonic()
    assert not drain.wait(0.3)
    assert time.monotonic() - before >= 0.3
