"""A search whose worker dies in the middle of its trials finds what an undisturbed one finds."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from cifar_model.objective import STOPPED
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.records import values
from runner.store.lifecycle.tuning.stopping import GOES_ON, STOPS
from runner.store.queries.progress import progress_of
from runner.store.schema import Event, Job
from tests.acceptance.command_line import wait_until
from tests.faults.scene import Scene

# Several times what it takes on a machine that does nothing else.
pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

GRID = {
    **{name: [value] for name, value in {"blocks": 1, "filters": 2, "batch_size": 16}.items()},
    "batch_norm_momentum": [0.9],
    "lr": [0.01, 0.02, 0.03, 1e-8],
}
TUNE = ["submit", "tune", "--dataset", "digits", "--train-size", "48", "--downsample", "1"]
# Rungs are after the first and the third epoch. Outcomes are compared: nothing is reused.
ASHA = ["--stop", "asha", "--epochs", "4", "--seed", "5", "--fresh"]
CONFIRM = ["--top", "2", "--seeds", "3", "--fresh"]

TRIAL = ("number", "params", "seed", "trained_epochs", "ended_by", "state", "rank", "noise")
SCORES = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")


def test_asha_and_its_confirmation_with_a_worker_that_is_killed_end_as_without(
    scene: Scene,
) -> None:
    scene.runner.environment["RUNNER_SWEEP_SECONDS"] = "0.5"
    # Job 1 between its rungs, job 2 after the answer that stops it, and the last of a race's seed.
    in_search, in_race = ["epoch_2@1", "before_finish@2"], ["epoch_3@6"]
    scene.dies(*(f"{place}=hang" for place in [*in_search, *in_race]))
    scene.runner("up")
    tuned, race = searched(scene, in_search, in_race)
    for place in [*in_search, *in_race]:
        assert scene.attempts(int(place.partition("@")[2])) == ["lost", "succeeded"], place

    plain_tuned, plain_race = searched(scene)
    assert answers(scene, tuned) == answers(scene, plain_tuned)
    assert trials(tuned) == trials(plain_tuned)
    ended = {trial.number: trial.ended_by for trial in tuned.ranked}
    assert (ended[1], ended[2]) == ("epochs", STOPPED)
    assert trials(race) == trials(plain_race)
    assert decision(race, tuned) == decision(plain_race, plain_tuned)


def searched(
    scene: Scene, in_search: Sequence[str] = (), in_race: Sequence[str] = ()
) -> tuple[ExperimentDocument, ExperimentDocument]:
    """Search and confirm, with a worker that dies at these places; return the two reports."""
    grid = scene.runner.directory / "grid.json"
    grid.write_text(json.dumps(GRID))
    tuned = scene.runner.look(*TUNE, *ASHA, "--grid", str(grid))["experiment"]
    end(scene, tuned, in_search)
    race = scene.runner.look("submit", "confirm", str(tuned), *CONFIRM)["experiment"]
    end(scene, race, in_race)
    document = report_document(scene.store, race)
    assert document.race is not None
    assert document.race.evaluation is not None
    end(scene, document.race.evaluation)
    return report_document(scene.store, tuned), report_document(scene.store, race)


def end(scene: Scene, experiment: int, places: Sequence[str] = ()) -> None:
    """Kill the worker at each of these places; return when the experiment has ended."""
    for place in places:
        wait_until((scene.marks / place).exists, f"the worker is at {place}", scene.explain)
        main = scene.worker()
        family = [main, *main.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family)
    wait_until(lambda: progress_of(scene.store, experiment).ended, "all ended", scene.explain)


def answers(scene: Scene, document: ExperimentDocument) -> list[Any]:
    """Return which trials were asked to go on or to stop, in that order."""
    asked = (
        select(Job.number, Event.name, Event.detail)
        .join(Job, Job.id == Event.job_id)
        .where(Job.experiment_id == document.experiment, Event.name.in_((GOES_ON, STOPS)))
        .order_by(Event.id)
    )
    return [tuple(row.values()) for row in scene.rows(asked)]


def trials(document: ExperimentDocument) -> list[Any]:
    """Return each trial with its model and every metric of its epochs."""
    found = [
        [*values(trial, (*TRIAL, "model")), [values(epoch, SCORES) for epoch in trial.epochs]]
        for trial in document.ranked
    ]
    return sorted(found)


def decision(document: ExperimentDocument, tuned: ExperimentDocument) -> dict[str, Any]:
    """Return what a race decided, and on what; candidates have their number in the search."""
    assert document.race is not None
    assert document.race.test is not None
    numbers = {trial.trial: trial.number for trial in tuned.ranked}
    found = asdict(document.race)
    del found["experiment"], found["evaluation"], found["test"]["evaluation"]
    for named in (found, *found["candidates"]):
        for name in {"confirmed", "cheapest", "trial", "behind"} & set(named):
            named[name] = numbers.get(named[name])
    return found
