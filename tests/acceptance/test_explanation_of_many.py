"""Explanations of many images, by workers that die in the middle."""

from runner.failpoints import VARIABLE
from tests.acceptance.command_line import TINY, Runner

PICTURES = 60  # two jobs


def test_every_picture_is_explained_once_though_workers_die(runner: Runner) -> None:
    runner.json("submit", "train", *TINY, "--epochs", "1", "--wait")
    marks = runner.directory / "marks"
    marks.mkdir()
    runner.environment[VARIABLE] = f"image_55,before_finish:{marks}"

    submitted = runner.json(
        *("submit", "explain", "--trial", "1", "--images", f"0-{PICTURES - 1}"),
        *("--segmentation", "stock", "--samples", "20", "--wait"),
    )

    assert len(list(marks.iterdir())) == 2, "a worker did not die"
    assert [job["state"] for job in submitted["jobs"]] == ["succeeded"] * 2
    assert sum(job["attempts"] for job in submitted["jobs"]) == 2 + 2
    found = runner.json("explanations", "--newest", "1000")
    assert sorted(row["image"] for row in found["newest"]) == list(range(PICTURES))
