"""The paper regenerated as a person does it who has an hour a day: stopped, and gone on with."""

import json
import signal
import subprocess
from functools import partial
from typing import Any

from runner.errors import ExitCode
from runner.reproduction.outputs import OUTPUTS
from tests.acceptance.command_line import Runner, processes_of, wait_until

REPRODUCE = ("reproduce", "--scale", "small", "--dataset", "digits")


def submitted(runner: Runner) -> list[int]:
    return [row["experiment"] for row in runner.look("status")["experiments"]]


def epochs(runner: Runner) -> list[Any]:
    """Return the epochs of the first job that is submitted, as far as it is trained."""
    if not submitted(runner):
        return []
    found: list[Any] = runner.look("show", "--job", "1")["epochs"]
    return found


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    wait_until(lambda: process.poll() is not None)
    assert process.returncode == ExitCode.INTERRUPTED


def test_a_reproduction_is_stopped_with_ctrl_c_and_goes_on_where_it_was(runner: Runner) -> None:
    reproducing = runner.start(*REPRODUCE)
    wait_until(lambda: epochs(runner))
    interrupt(reproducing)
    assert processes_of(runner.directory) == []
    experiments, trained = submitted(runner), epochs(runner)

    document = runner.json(*REPRODUCE, "--only-report")
    assert [reproduced["id"] for reproduced in document["ids"]] == [output.id for output in OUTPUTS]
    assert set(document["unfinished"])
    assert submitted(runner) == experiments, "a report submits nothing"

    reproducing = runner.start(*REPRODUCE)
    wait_until(lambda: len(epochs(runner)) > len(trained))
    interrupt(reproducing)
    assert epochs(runner)[: len(trained)] == trained, "no epoch was trained again"
    again = runner.look(*REPRODUCE, "--only-report")["experiments"]
    # It may have been stopped before all steps were submitted, and have gone on with the others.
    assert document["experiments"].items() <= again.items()
    assert sorted(again.values()) == sorted(submitted(runner)), "no step was submitted again"

    # Not the time for an epoch.
    left = runner(*REPRODUCE, "--minutes", "0.001", "--format", "json")
    assert "0.001 minutes have passed" in left.stderr
    assert "untuned-long" in json.loads(left.stdout)["unfinished"]
    assert processes_of(runner.directory) == []


def test_a_reproduction_shows_what_is_running_and_leaves_alone_what_is_paused(
    runner: Runner,
) -> None:
    runner(*REPRODUCE, "--minutes", "0.001")
    numbers = sorted(submitted(runner))
    for number in numbers[2:]:
        runner("pause", str(number))
    runner("resume", str(numbers[1]), "--priority", "10")
    log = runner.directory / "reproduce.log"
    reproducing = runner.start(*REPRODUCE)

    def follows(number: int) -> bool:
        return f"experiment {number} " in log.read_text()

    for number in (numbers[1], numbers[0]):
        wait_until(partial(follows, number))
        assert reproducing.poll() is None
        runner("pause", str(number))
    wait_until(lambda: reproducing.poll() is not None)
    assert reproducing.returncode == 0
    assert "the rest is paused" in log.read_text()
    assert f"`runner resume {numbers[0]}`, then" in log.read_text()
    # Both evaluations of the shorter trial, if it ended before it was paused, and nothing else.
    others = [
        row for row in runner.look("status")["experiments"] if row["experiment"] not in numbers
    ]
    assert [row["kind"] for row in others] in ([], ["evaluate"] * 2)
    assert processes_of(runner.directory) == []
