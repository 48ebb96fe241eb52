"""Clocks that jump and disks that are full."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from runner.store.schema import Attempt, Job, Worker
from tests.acceptance.command_line import Runner, wait_until
from tests.faults.scene import Scene

Outcome = tuple[str, list[tuple[Any, ...]]]

pytestmark = pytest.mark.faults

# The store of the two trials and its journal take 4.2.
DISK_MEGABYTES = 16


def test_a_clock_that_jumps_by_an_hour_takes_no_attempt_away(
    scene: Scene, uninterrupted: Outcome
) -> None:
    """Shift what the clock has left in the database: the real one is everybody's."""
    scene.runner("up")
    running = scene.submit("--param", "batch_size=4", "--epochs", "60")
    pending = scene.submit()
    scene.child(running)
    for jump in (timedelta(hours=-1), timedelta(hours=2)):
        shift_times(scene, jump)
        scene.wait_for_epochs(running, len(scene.epochs(running)) + 5)
    for job in (running, pending):
        scene.wait_for(job)
        assert scene.attempts(job) == ["succeeded"]
    assert scene.outcome(pending) == uninterrupted


def shift_times(scene: Scene, jump: timedelta) -> None:
    """Move every time in the database, as a clock that is set would have left it."""
    for table, columns in {
        Attempt: ("started_at", "heartbeat_at"),
        Worker: ("started_at", "seen_at"),
        Job: ("created_at", "enqueued_at"),
    }.items():
        with scene.store.write() as connection:
            for row in connection.execute(select(table.__table__)).mappings().all():
                shifted = {name: row[name] + jump for name in columns if row[name]}
                key = [column == row[column.name] for column in table.__table__.primary_key]
                connection.execute(update(table).where(*key).values(**shifted))


@pytest.mark.skip(reason="the machine's own clock cannot be set for one test without moving all")
def test_the_machines_clock_set_by_an_hour_takes_no_attempt_away() -> None:
    raise AssertionError("not reached")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Offer a file system of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    size = f"size={DISK_MEGABYTES}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system (root)")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(ballast: Path) -> None:
    """Write a file until there is no space."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_on_a_full_disk_a_trial_waits_and_goes_on_when_there_is_space(
    runner: Runner, small_disk: Path, uninterrupted: Outcome
) -> None:
    scene = Scene(runner, f"sqlite:///{small_disk / 'runner.db'}")
    runner("up")
    job = scene.submit("--param", "batch_size=4", "--epochs", "40")
    scene.child(job)
    ballast = small_disk / "ballast"
    fill(ballast)
    wait_until(lambda: "waiting for the store" in runner.logs(), "it waits", runner.logs)
    ballast.unlink()
    after = scene.submit()
    for one in (job, after):
        scene.wait_for(one)
        assert scene.attempts(one) == ["succeeded"]
    assert scene.outcome(after) == uninterrupted
    scene.close()
