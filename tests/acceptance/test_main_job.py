"""The main job, as a person with one laptop and nothing installed does it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from talos.parameters.ParamSpace import ParamSpace

from cifar_model.grid import PAPER_GRID
from tests.acceptance.command_line import TINY, Runner, processes_of

SCORES = ("loss", "accuracy", "val_loss", "val_accuracy", "best_val_accuracy", "best_epoch")


def tune(runner: Runner, *options: str) -> Any:
    command = ["submit", "tune", "--downsample", "0.0025", "--seed", "3", "--epochs", "2"]
    return runner.json(*command, *TINY, "--wait", *options)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runner, Any]]:
    """Offer the report of a grid that one worker has trained, and where."""
    runner = Runner(tmp_path_factory.mktemp("alone"))
    experiment = tune(runner)
    assert [job["state"] for job in experiment["jobs"]] == ["succeeded"] * 4
    assert processes_of(runner.directory) == [], "--wait stops what it started"
    yield runner, runner.json("report", str(experiment["experiment"]))
    runner("down")
    assert processes_of(runner.directory) == []


def test_a_grid_is_trained_evaluated_explained_and_reported(alone: tuple[Runner, Any]) -> None:
    runner, report = alone
    space = ParamSpace(dict(PAPER_GRID), fraction_limit=0.0025, seed=3)
    sampled = [dict(zip(PAPER_GRID, row, strict=True)) for row in space.param_space.tolist()]
    fixed = {"epochs": 2, "batch_norm_momentum": 0.9, "blocks": 1, "filters": 4}
    by_number = sorted(report["trials"], key=lambda trial: trial["number"])
    assert [trial["params"] for trial in by_number] == [row | fixed for row in sampled]
    assert all(len(trial["epochs"]) == 2 for trial in report["trials"])

    runner("up")
    trial = str(report["trials"][0]["trial"])
    evaluation = runner.json("submit", "evaluate", "--trial", trial, "--wait")
    scores = runner.look("report", str(evaluation["experiment"]))["evaluations"][0]
    assert 0 <= scores["accuracy"] <= 1
    explanation = runner.json(
        *("submit", "explain", "--trial", trial, "--images", "0,3", "--samples", "100"),
        *("--activations", "--wait"),
    )
    document = runner.json("report", str(explanation["experiment"]))
    assert [entry["image"] for entry in document["explanations"]] == [0, 3]
    pictures = [file for file in document["files"] if file.endswith(".png")]
    assert pictures
    for picture in pictures:
        with Image.open(picture) as opened:
            opened.load()
    assert "succeeded" in runner("status").stdout
    assert "val_accuracy" in runner("show", trial).stdout


def test_one_slot_trains_with_one_number_of_threads_after_another(
    alone: tuple[Runner, Any],
) -> None:
    runner, _ = alone
    runner("up")
    train = ["submit", "train", *TINY, "--epochs", "1", "--wait"]
    jobs = [runner.json(*train, "--threads", threads)["jobs"][0] for threads in ("1", "2")]
    assert [job["state"] for job in jobs] == ["succeeded"] * 2
    fingerprints = [runner.look("show", str(job["trial"]))["fingerprint"] for job in jobs]
    assert [words.split("; ")[2] for words in fingerprints] == ["1 threads", "2 threads"]


def test_the_same_submission_gives_the_same_numbers_with_one_worker_and_with_two(
    alone: tuple[Runner, Any], runner_in: Callable[..., Runner]
) -> None:
    runner = runner_in("together", RUNNER_SLOTS="2")
    together = runner.look("report", str(tune(runner)["experiment"]))
    first, second = (
        [
            (trial["params"], [trial[score] for score in SCORES], trial["epochs"][-1]["val_loss"])
            for trial in sorted(report["trials"], key=lambda trial: trial["number"])
        ]
        for report in (alone[1], together)
    )
    assert first == second
