"""Folds on several workers of which one dies: only its fold runs again, and no number changes."""

from typing import Any

import pytest
from sqlalchemy import select

from runner.reports.evaluation import FoldsSummary
from runner.reports.experiment.document import report_document
from runner.reports.records import values
from runner.store.schema import Attempt, Trial
from tests.faults.scene import Scene

# Several times what it takes on a machine that does nothing else.
pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

FOLDS = 2
SCORES = ("fold", "images", "loss", "accuracy", "log_loss", "confusion", "per_class", "talos_f1")


def folds_of(scene: Scene, trial: int) -> tuple[int, list[int]]:
    """Submit the folds of a trial; return the experiment and its jobs."""
    options = ["--trial", str(trial), "--folds", str(FOLDS)]
    document = scene.runner.json("submit", "evaluate", *options)
    return document["experiment"], [job["job"] for job in document["jobs"]]


def scores(scene: Scene, experiment: int) -> tuple[list[list[Any]], FoldsSummary]:
    """Return every number of a k-fold, and what they come to."""
    document = report_document(scene.store, experiment)
    assert document.folds is not None
    return [values(row, SCORES) for row in document.evaluations], document.folds


def test_folds_on_two_workers_of_which_one_is_killed_give_the_numbers_of_one_after_another(
    scene: Scene,
) -> None:
    scene.runner("up")
    scene.wait_for(scene.submit("--dataset", "digits", "--epochs", "2"))
    [trained] = scene.rows(select(Trial.id))
    one_by_one, jobs = folds_of(scene, trained["id"])
    for job in jobs:
        scene.wait_for(job)
    scene.runner("down")

    scene.runner.environment["RUNNER_SLOTS"] = "2"
    together, jobs = folds_of(scene, trained["id"])
    killed = jobs[0]
    scene.dies(f"epoch_2@{killed}")
    scene.runner("up")
    for job in jobs:
        scene.wait_for(job)
    # It went on after its first epoch, and the other heard nothing of it.
    assert [scene.attempts(job) for job in jobs] == [["lost", "succeeded"], ["succeeded"]]
    workers = scene.rows(select(Attempt.worker).where(Attempt.job_id.in_(jobs)).distinct())
    assert len(workers) > 1

    assert scores(scene, together) == scores(scene, one_by_one)
    assert scores(scene, together)[1].done == FOLDS
