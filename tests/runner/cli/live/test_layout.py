"""What the live table shows of an experiment fits any terminal, the most important first."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner.cli.live.layout import bar, duration, lay_out
from runner.cli.live.scene import Scene, Source
from runner.reports.formats.wrapping import width_of
from runner.settings import Settings
from runner.states import Kind
from runner.store.engine import Store
from runner.store.lifecycle.control import Target, cancel, pause
from runner.store.queries.running import newest_unfinished
from tests.runner.reports.stored import store_failure, store_points, store_tune, train_epochs
from tests.runner.store.making import job_ids, make_claim_on_trial, make_worker

SIZES = [(80, 24), (80, 40), (120, 40), (200, 50), (50, 12), (20, 6)]


def text_of(scene: Scene, size: tuple[int, int] = (80, 24), *notices: str) -> str:
    return "\n".join(line.text for line in lay_out(scene, notices, size))


def source(store: Store, experiment: int, home: Path) -> Source:
    variables = {"RUNNER_HOME": str(home), "RUNNER_DATABASE_URL": store.url}
    return Source(Settings.from_environment(variables), store, experiment)


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    """Offer a tune of 30 trials: one succeeded, one failed, 20 running, the rest pending."""
    experiment = store_tune(store, [[0.5, 0.7], *([[]] * 29)], epochs=10, filters=8)
    jobs = job_ids(store, experiment)
    store_failure(store, jobs[1], "DivergedError: nan")
    for job in jobs[2:22]:
        train_epochs(store, job, [0.1, 0.3, 0.2])
    make_worker(store, "host/boot/namespace/42/1234")
    return source(store, experiment, tmp_path).read()


def test_the_view_fits_every_terminal(scene: Scene) -> None:
    notice = "warning: the database is away, and to say so takes more than one line of a terminal"
    for size in SIZES:
        lines = lay_out(scene, [notice], size)
        assert len(lines) < size[1], size
        assert max(width_of(line.text) for line in lines) <= size[0], size


def test_it_has_progress_states_the_best_trial_and_every_running_trial(scene: Scene) -> None:
    text = text_of(scene, (200, 60))
    assert "8 pending, 20 running, 1 succeeded, 1 failed" in text
    assert re.search(r"best so far: trial \d+, val_accuracy 0.700, lr=0.01", text)
    for job in scene.jobs:
        [row] = [line for line in text.splitlines() if line.split()[:2] == [str(job.job), "3/10"]]
        assert "▁" in row
        assert f"worker of job {job.job}" in row
        assert f"lr={job.params['lr']:.4g}" in row
    assert "filters=" not in text, "is the same for every trial"
    assert "ETA 0" in text


def test_what_has_no_room_is_counted(scene: Scene) -> None:
    text = text_of(scene, (80, 24))
    shown = sum("3/10" in line for line in text.splitlines())
    assert shown >= 5
    assert f"and {20 - shown} more running jobs" in text
    assert "more workers" in text


def test_the_workers_have_their_device_and_what_they_work_on(scene: Scene) -> None:
    lines = [line.split() for line in text_of(scene, (120, 60)).splitlines()]
    assert ["host:42", "cpu", "nothing"] in lines


def test_what_a_colour_says_stands_in_words_too(scene: Scene) -> None:
    marked = [line for line in lay_out(scene, ["warning: x"], (80, 24)) if line.mark]
    assert [line.mark for line in marked] == ["failed", "best", "warning"]
    assert "failed" in marked[0].text
    assert "best" in marked[1].text


def test_nobody_knows_the_end_of_what_is_paused(store: Store, tmp_path: Path) -> None:
    experiment = store_tune(store, [[]])
    pause(store, experiment)
    text = text_of(source(store, experiment, tmp_path).read())
    assert "ETA ?" in text
    assert "1 pending, paused" in text
    assert "no job is running" in text
    assert "no worker is running" in text


def test_an_experiment_that_has_ended_has_no_rows(store: Store, tmp_path: Path) -> None:
    experiment = store_tune(store, [[0.5], []])
    cancel(store, Target(experiment=experiment))
    text = text_of(source(store, experiment, tmp_path).read())
    states, best = text.splitlines()[2:]
    assert states == "1 succeeded, 1 cancelled"
    assert best.startswith("best so far: trial ")
    assert best.endswith(", val_accuracy 0.500, lr=0.01")


def test_of_points_with_folds_the_best_mean_is_shown(store: Store, tmp_path: Path) -> None:
    # The first has the best fold, and the last the best of what has not all folds yet.
    experiment = store_points(store, 3, [[0.2, 0.9, 0.4], [0.5, 0.6, 0.7], [0.8]])
    text = text_of(source(store, experiment, tmp_path).read())
    assert "best so far: mean val_accuracy 0.600 over 3 folds, lr=0.02" in text
    begun = store_points(store, 2, [[0.9], []])
    assert "best so far" not in text_of(source(store, begun, tmp_path).read())


def test_a_job_that_does_not_train_has_its_worker(store: Store, tmp_path: Path) -> None:
    claim = make_claim_on_trial(store, Kind.EVALUATE, split="test")
    scene = source(store, claim.experiment_id, tmp_path).read()
    text = text_of(scene)
    assert "0/1 job " in text
    assert "epoch" not in text
    assert any(line.split() == [str(claim.key.job_id), "reader"] for line in text.splitlines())


def test_a_worker_of_another_experiment_names_it(scene: Scene) -> None:
    other = replace(scene, experiment=scene.experiment + 1, jobs=[])
    assert f"of experiment {scene.experiment}" in text_of(other)


def test_an_experiment_with_a_name_is_called_by_it(scene: Scene) -> None:
    first = text_of(replace(scene, name="small-net")).splitlines()[0]
    assert first == f"experiment {scene.experiment} (small-net): tune, shapes (built in)"


def test_the_newest_experiment_with_a_job_to_do_is_found(store: Store) -> None:
    assert newest_unfinished(store) is None
    first = store_tune(store, [[]])
    second = store_tune(store, [[]])
    store_tune(store, [[0.5]])
    assert newest_unfinished(store) == second
    cancel(store, Target(experiment=second))
    assert newest_unfinished(store) == first


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (59.6, "01:00"), (3599, "59:59"), (7265, "2:01:05")]
)
def test_a_duration_is_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_bar_is_never_too_long() -> None:
    assert bar(0.5, 10) == "|████    |"
    assert bar(1.5, 6) == "|████|"
    assert bar(0.5, 3) == ""
