"""Cancel, retry, pause and resume, as a person does them while workers work."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.command_line import TINY, Runner, processes_of, wait_until


def job_of(runner: Runner, experiment: str) -> Any:
    (job,) = runner.look("status", experiment)["jobs"]
    return job


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Offer a directory with a worker that is up; each test leaves it without work."""
    runner = Runner(tmp_path_factory.mktemp("at_work"), RUNNER_HEARTBEAT_SECONDS="0.5")
    runner("up")
    yield runner
    runner("down")
    assert processes_of(runner.directory) == []


LONG = ["submit", "train", *TINY, "--epochs", "400", "--param", "batch_size=4"]


def test_a_running_trial_is_cancelled_within_seconds_and_a_retry_goes_on(at_work: Runner) -> None:
    runner = at_work
    experiment = str(runner.json(*LONG)["experiment"])
    job = str(job_of(runner, experiment)["job"])
    wait_until(lambda: len(runner.look("show", "--job", job)["epochs"]) >= 2)

    assert runner.json("cancel", experiment) == {"cancelled": [], "stopping": [int(job)]}
    wait_until(lambda: job_of(runner, experiment)["state"] == "cancelled")
    cancelled = runner.look("show", "--job", job)
    assert cancelled["trial"] is None
    assert "nothing to cancel" in runner("cancel", experiment).stdout

    assert runner.json("retry", "--job", job) == {"pending": [int(job)]}
    before = len(cancelled["epochs"])
    wait_until(lambda: len(runner.look("show", "--job", job)["epochs"]) > before)
    resumed = runner.look("show", "--job", job)
    assert resumed["epochs"][:before] == cancelled["epochs"], "no epoch was trained again"
    assert [attempt["state"] for attempt in resumed["attempt_details"]] == ["cancelled", "running"]
    runner("cancel", "--job", job)


def test_after_down_and_up_what_was_begun_goes_on_before_what_waits(at_work: Runner) -> None:
    runner = at_work
    begun = str(runner.json(*LONG)["jobs"][0]["job"])
    wait_until(lambda: runner.look("show", "--job", begun)["epochs"])
    train = ["submit", "train", *TINY, "--epochs", "1", "--repeats", "5"]
    waiting = str(runner.json(*train)["experiment"])
    runner("down")
    before = len(runner.look("show", "--job", begun)["epochs"])
    runner("up")
    wait_until(lambda: len(runner.look("show", "--job", begun)["epochs"]) > before)
    assert [job["attempts"] for job in runner.look("status", waiting)["jobs"]] == [0] * 5
    runner("cancel", waiting)
    runner("cancel", "--job", begun)


def test_a_paused_experiment_starts_nothing_until_it_is_resumed(at_work: Runner) -> None:
    runner = at_work
    # While the only slot has work, what is submitted cannot begin before it is paused.
    working = str(runner.json(*LONG)["experiment"])
    wait_until(lambda: job_of(runner, working)["state"] == "running")
    train = ["submit", "train", *TINY, "--epochs", "1"]
    experiment = str(runner.json(*train)["experiment"])
    assert runner.json("pause", experiment) == {"paused": True, "running": 0}
    watching = runner.start("watch", experiment)
    log = runner.directory / "watch.log"
    wait_until(lambda: f"experiment {experiment} is paused" in log.read_text())
    assert "paused" in runner("status", experiment).stdout
    runner("cancel", working)
    (later,) = runner.json(*train, "--wait")["jobs"]
    assert later["state"] == "succeeded"
    assert job_of(runner, experiment)["state"] == "pending", "the slot was free for it"
    runner("resume", experiment)
    wait_until(lambda: watching.poll() is not None)
    assert job_of(runner, experiment)["state"] == "succeeded"


def test_what_cannot_be_controlled_is_refused_with_words(at_work: Runner) -> None:
    runner = at_work
    assert "there is no experiment 99" in runner("cancel", "99", code=2).stderr
    assert "there is no job 99" in runner("retry", "--job", "99", code=2).stderr
    assert "not both" in runner("cancel", code=2).stderr
