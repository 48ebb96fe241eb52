"""Workers that die by `kill -9`: their trials end as if nothing had happened."""

import signal
from contextlib import suppress
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from runner.local.run_dir import RunDir
from runner.queue.app import make_app, queued_jobs, send
from runner.queue.dispatch import message
from runner.store import queries
from runner.store.schema import Epoch
from tests.acceptance.command_line import wait_until
from tests.faults.scene import EPOCHS, REPAIR_SECONDS, Scene

Outcome = tuple[str, list[tuple[Any, ...]]]


def test_a_trial_whose_worker_is_killed_in_an_epoch_ends_with_the_same_bits(
    scene: Scene, uninterrupted: Outcome
) -> None:
    """Keep a fast one of row 4 in every run of the suite."""
    job = scene.trained_through("epoch_3")
    assert scene.attempts(job) == ["lost", "succeeded"]
    assert scene.outcome(job) == uninterrupted


@pytest.mark.faults
def test_killed_in_the_first_a_middle_and_the_last_epoch_it_ends_with_the_same_bits(
    either_scene: Scene, uninterrupted: Outcome
) -> None:
    scene = either_scene
    job = scene.trained_through("epoch_1", "epoch_3", f"epoch_{EPOCHS}")
    assert scene.attempts(job) == ["lost", "lost", "lost", "succeeded"]
    assert scene.outcome(job) == uninterrupted
    repairs = scene.repairs(job)
    print("repaired after", [f"{seconds:.1f} s" for seconds in repairs])
    assert max(repairs) <= REPAIR_SECONDS


@pytest.mark.faults
def test_killed_between_the_message_and_the_claim_the_job_runs_once(scene: Scene) -> None:
    job = scene.trained_through("before_claim")
    assert scene.attempts(job) == ["succeeded"]


@pytest.mark.faults
def test_killed_after_the_claim_the_job_runs_again_and_makes_one_trial(
    scene: Scene, uninterrupted: Outcome
) -> None:
    job = scene.trained_through("after_claim")
    assert scene.attempts(job) == ["lost", "succeeded"]
    assert scene.outcome(job) == uninterrupted


@pytest.mark.faults
def test_killed_while_a_checkpoint_is_written_it_goes_on_from_the_one_before(
    either_scene: Scene, uninterrupted: Outcome
) -> None:
    scene = either_scene
    job = scene.trained_through("in_checkpoint")
    assert scene.attempts(job) == ["lost", "succeeded"]
    assert scene.outcome(job) == uninterrupted


@pytest.mark.faults
def test_killed_before_the_result_is_committed_no_epoch_is_trained_again(
    either_scene: Scene, uninterrupted: Outcome
) -> None:
    scene = either_scene
    job = scene.trained_through("before_finish")
    trained_by = scene.rows(select(Epoch.attempt).where(Epoch.job_id == job))
    assert [row["attempt"] for row in trained_by] == [1] * EPOCHS
    assert scene.outcome(job) == uninterrupted


@pytest.mark.faults
def test_after_the_commit_nothing_runs_again_though_the_message_comes_a_hundred_times(
    scene: Scene, uninterrupted: Outcome
) -> None:
    job = scene.trained_through("after_finish")
    app = make_app(RunDir(scene.runner.directory / "results").broker_url)
    again = message(queries.jobs_to_send(scene.store, [job])[0])
    before = scene.explain().partition("==")[0]
    send(app, [again] * 100)
    wait_until(lambda: not queued_jobs(app), "all messages were taken", scene.explain)
    assert scene.submit() != job
    assert scene.attempts(job) == ["succeeded"]
    assert scene.explain().startswith(before.rstrip("\n]"))
    assert scene.outcome(job) == uninterrupted


@pytest.mark.faults
def test_when_the_main_process_is_killed_its_children_die_within_two_seconds(
    scene: Scene, uninterrupted: Outcome
) -> None:
    scene.runner("up")
    job = scene.submit("--param", "batch_size=4", "--epochs", "40")
    child = scene.child(job)
    main = child.parent()
    assert main is not None
    children = main.children(recursive=True)
    main.kill()
    gone, alive = psutil.wait_procs(children, timeout=2)
    assert child in gone
    for one in alive:
        # Recovery looks once in a sweep whether its worker lives; a zombie is dead.
        with suppress(psutil.NoSuchProcess):
            assert "recovery" in " ".join(one.cmdline())
    plain = scene.submit()
    scene.wait_for(plain)
    assert scene.outcome(plain) == uninterrupted
    scene.wait_for(job)
    assert scene.attempts(job) == ["lost", "succeeded"]


@pytest.mark.faults
def test_a_worker_that_was_stopped_and_wakes_after_its_successor_changes_nothing(
    either_scene: Scene, uninterrupted: Outcome
) -> None:
    scene = either_scene
    scene.runner.environment |= {
        "RUNNER_SLOTS": "2",
        "RUNNER_LEASE_SECONDS": "3",
        "RUNNER_HEARTBEAT_SECONDS": "0.5",
        "RUNNER_SWEEP_SECONDS": "1",
    }
    scene.runner("up")
    # Long epochs: a process that is stopped inside a transaction on SQLite stops all others too.
    job = scene.submit("--param", "batch_size=4", "--epochs", "6", "--train-size", "4000")
    child = scene.child(job)
    child.send_signal(signal.SIGSTOP)
    try:
        scene.wait_for(job)
        outcome = scene.outcome(job)
    finally:
        child.send_signal(signal.SIGCONT)
    other = scene.submit()
    scene.wait_for(other)
    assert scene.outcome(other) == uninterrupted
    assert scene.attempts(job) == ["lost", "succeeded"]
    assert scene.outcome(job) == outcome
