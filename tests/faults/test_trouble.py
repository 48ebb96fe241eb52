"""Workers in trouble of their own making: stuck, without a device, without recovery."""

from typing import Any

import pytest
from sqlalchemy import select

from runner.store.schema import Attempt, Event, Worker
from tests.acceptance.command_line import wait_until
from tests.faults.scene import Scene

Outcome = tuple[str, list[tuple[Any, ...]]]

pytestmark = pytest.mark.faults

POINTS = 51


def test_a_worker_that_lives_without_progress_is_ended_and_its_trial_goes_on(
    scene: Scene, uninterrupted: Outcome
) -> None:
    # Long enough for TensorFlow to be imported, which is no progress either.
    scene.runner.environment |= {"RUNNER_PROGRESS_SECONDS": "25", "RUNNER_HEARTBEAT_SECONDS": "1"}
    job = scene.trained_through("epoch_3=hang")
    assert scene.attempts(job) == ["lost", "succeeded"]
    assert scene.outcome(job) == uninterrupted
    (stuck,) = scene.rows(select(Event.detail).where(Event.name == "stuck"))
    assert stuck["detail"].startswith("no progress for 26 s")


def test_a_lost_device_is_charged_to_no_trial_and_left_alone_after_two_losses(
    scene: Scene, uninterrupted: Outcome
) -> None:
    # Devices that do not exist: TensorFlow finds none and computes on the processor.
    scene.runner.environment["CUDA_VISIBLE_DEVICES"] = "7,8"
    job = scene.trained_through("epoch_1=lose_device", "epoch_3=lose_device")
    assert scene.attempts(job) == ["released", "released", "succeeded"]
    assert scene.job(job)["lost"] == 0
    assert scene.outcome(job) == uninterrupted
    devices = scene.rows(
        select(Worker.device)
        .join(Attempt, Attempt.worker == Worker.name)
        .where(Attempt.job_id == job)
        .order_by(Attempt.number)
    )
    assert [row["device"] for row in devices] == ["gpu:7", "gpu:7", "gpu:8"]


def test_a_worker_whose_only_device_is_lost_leaves_the_jobs_to_others(
    scene: Scene, uninterrupted: Outcome
) -> None:
    scene.runner.environment["CUDA_VISIBLE_DEVICES"] = "7"
    scene.dies("epoch_1=lose_device", "epoch_3=lose_device")
    scene.runner("up")
    job = scene.submit()
    logs = scene.runner.logs
    wait_until(lambda: "is left to other workers" in logs(), "it is said", scene.explain)
    assert scene.job(job)["state"] == "pending"
    assert scene.attempts(job) == ["released", "released"]
    scene.runner("down")
    scene.runner("up")
    scene.wait_for(job)
    assert scene.outcome(job) == uninterrupted


def test_one_trial_that_crashes_its_worker_each_time_among_fifty_fails_after_three_starts_alone(
    scene: Scene,
) -> None:
    jobs = scene.tune(POINTS)
    poison = jobs[25]
    scene.dies(f"after_claim@{poison}=segfault", always=True)
    scene.runner("up")
    scene.wait_for(poison, "failed")
    assert scene.attempts(poison) == ["lost"] * 3
    assert "lost 3 times" in scene.job(poison)["reason"]
    for job in jobs:
        if job != poison:
            scene.wait_for(job)
            assert scene.attempts(job) == ["succeeded"]


def test_recovery_that_is_killed_in_the_middle_is_started_again_and_loses_nothing(
    scene: Scene, uninterrupted: Outcome
) -> None:
    job = scene.trained_through("epoch_3", "in_recovery")
    assert {mark.name for mark in scene.marks.iterdir()} == {"epoch_3", "in_recovery"}
    assert scene.attempts(job) == ["lost", "succeeded"]
    assert scene.outcome(job) == uninterrupted
