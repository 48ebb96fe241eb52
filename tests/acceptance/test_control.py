"""Cancel, retry, pause and resume, as a person does them while workers work."""

import time
from collections.abc import Callable
from typing import Any

from tests.acceptance.command_line import TINY, Runner

SECONDS = 120


def wait_until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < limit, "it did not come true in time"
        time.sleep(0.2)


def job_of(runner: Runner, experiment: str) -> Any:
    (job,) = runner.json("status", experiment)["jobs"]
    return job


def test_a_running_trial_is_cancelled_within_seconds_and_a_retry_goes_on(runner: Runner) -> None:
    runner.environment["RUNNER_HEARTBEAT_SECONDS"] = "0.5"
    runner("up")
    train = ["submit", "train", *TINY, "--epochs", "400", "--param", "batch_size=4"]
    experiment = str(runner.json(*train)["experiment"])
    job = str(job_of(runner, experiment)["job"])
    wait_until(lambda: len(runner.json("show", "--job", job)["epochs"]) >= 2)

    assert runner.json("cancel", experiment) == {"cancelled": [], "stopping": [int(job)]}
    wait_until(lambda: job_of(runner, experiment)["state"] == "cancelled")
    cancelled = runner.json("show", "--job", job)
    assert cancelled["trial"] is None
    assert "nothing to cancel" in runner("cancel", experiment).stdout

    assert runner.json("retry", "--job", job) == {"pending": [int(job)]}
    before = len(cancelled["epochs"])
    wait_until(lambda: len(runner.json("show", "--job", job)["epochs"]) > before)
    resumed = runner.json("show", "--job", job)
    assert resumed["epochs"][:before] == cancelled["epochs"], "no epoch was trained again"
    assert [attempt["state"] for attempt in resumed["attempt_details"]] == ["cancelled", "running"]
    runner("cancel", "--job", job)


def test_after_down_and_up_what_was_begun_goes_on_before_what_waits(runner: Runner) -> None:
    runner("up")
    train = ["submit", "train", *TINY, "--param", "batch_size=4"]
    begun = str(runner.json(*train, "--epochs", "400")["jobs"][0]["job"])
    wait_until(lambda: runner.json("show", "--job", begun)["epochs"])
    waiting = str(runner.json(*train, "--epochs", "1", "--repeats", "5")["experiment"])
    runner("down")
    before = len(runner.json("show", "--job", begun)["epochs"])
    runner("up")
    wait_until(lambda: len(runner.json("show", "--job", begun)["epochs"]) > before)
    assert [job["attempts"] for job in runner.json("status", waiting)["jobs"]] == [0] * 5
    runner("cancel", "--job", begun)


def test_a_paused_experiment_starts_nothing_until_it_is_resumed(runner: Runner) -> None:
    experiment = str(runner.json("submit", "train", *TINY, "--epochs", "1")["experiment"])
    assert runner.json("pause", experiment) == {"paused": True, "running": 0}
    runner("up")
    watching = runner.start("watch", experiment)
    log = runner.directory / "watch.log"
    wait_until(lambda: f"experiment {experiment} is paused" in log.read_text())
    assert "paused" in runner("status", experiment).stdout
    assert job_of(runner, experiment)["state"] == "pending"
    runner("resume", experiment)
    wait_until(lambda: watching.poll() is not None)
    assert job_of(runner, experiment)["state"] == "succeeded"


def test_what_cannot_be_controlled_is_refused_with_words(runner: Runner) -> None:
    runner("db", "upgrade")
    assert "there is no experiment 7" in runner("cancel", "7", code=2).stderr
    assert "there is no job 7" in runner("retry", "--job", "7", code=2).stderr
    assert "not both" in runner("cancel", code=2).stderr
