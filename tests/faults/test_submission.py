"""A command line that is killed in the middle of a submission."""

import signal

import pytest
from sqlalchemy import func, select

from runner.failpoints import VARIABLE
from runner.store.schema import Experiment, Job
from tests.faults.scene import TRAIN, Scene

BEFORE = ["submit_checked", "submit_experiment", "submit_jobs"]
AFTER = ["submit_saved", "submit_sent"]

pytestmark = pytest.mark.faults


def counted(scene: Scene) -> tuple[int, int]:
    """Return how many experiments and jobs there are."""
    with scene.store.read() as connection:
        tables = (Experiment, Job)
        experiments, jobs = (
            connection.scalars(select(func.count()).select_from(table)).one() for table in tables
        )
    return experiments, jobs


def test_a_submission_that_is_killed_is_all_there_or_not_at_all_and_its_key_makes_it_once(
    either_scene: Scene,
) -> None:
    scene = either_scene
    scene.runner("up")
    jobs = []
    for made, place in enumerate([*BEFORE, *AFTER]):
        submit = [*TRAIN, "--key", place]
        scene.runner.environment[VARIABLE] = place
        scene.runner(*submit, code=-signal.SIGKILL)
        assert counted(scene) == ((made, made) if place in BEFORE else (made + 1, made + 1))
        del scene.runner.environment[VARIABLE]
        jobs.append(scene.runner.json(*submit)["jobs"][0]["job"])
        assert counted(scene) == (made + 1, made + 1)
    for job in jobs:
        scene.wait_for(job)
        assert scene.attempts(job) == ["succeeded"]


def test_a_key_that_names_another_experiment_is_refused_and_nothing_is_written(
    scene: Scene,
) -> None:
    scene.runner(*TRAIN, "--key", "mine")
    refused = scene.runner(*TRAIN, "--epochs", "9", "--key", "mine", code=2)
    assert "the key 'mine' belongs to experiment 1, which is different" in refused.stderr
    assert counted(scene) == (1, 1)
