"""Explanations of many images, by workers that die in the middle."""

from pathlib import Path

import numpy as np

from runner.failpoints import VARIABLE
from tests.acceptance.command_line import TINY_NETWORK, Runner

# Images of this size are explained ten a job: these are two jobs.
SIZE, IMAGES = 72, 12


def write_noise(path: Path) -> None:
    """Write a data set that no process has to draw or to resize."""
    draw = np.random.default_rng(0)
    train, test = (
        draw.integers(0, 256, (count, SIZE, SIZE, 3), np.uint8) for count in (32, IMAGES)
    )
    labels = np.arange(32) % 2
    np.savez(path, x_train=train, y_train=labels, x_test=test, y_test=labels[:IMAGES])


def test_every_picture_is_explained_once_though_workers_die(runner: Runner) -> None:
    write_noise(runner.directory / "noise.npz")
    train = ["submit", "train", "--dataset", "npz:noise.npz", *TINY_NETWORK, "--epochs", "1"]
    runner.json(*train, "--wait")
    marks = runner.directory / "marks"
    marks.mkdir()
    runner.environment[VARIABLE] = f"image_{IMAGES - 1},before_finish:{marks}"

    submitted = runner.json(
        *("submit", "explain", "--trial", "1", "--images", f"0-{IMAGES - 1}"),
        *("--segmentation", "stock", "--samples", "20", "--wait"),
    )

    assert len(list(marks.iterdir())) == 2, "a worker did not die"
    assert [job["state"] for job in submitted["jobs"]] == ["succeeded"] * 2
    assert sum(job["attempts"] for job in submitted["jobs"]) == 2 + 2
    found = runner.look("explanations", "--newest", "1000")
    assert sorted(row["image"] for row in found["newest"]) == list(range(IMAGES))
