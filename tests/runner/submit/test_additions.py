"""An experiment is a set of points and seeds: a later submission adds what is missing."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

import runner
from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.control import Target, cancel
from runner.store.lifecycle.deletion import delete_experiments
from tests.runner.store.making import InProcesses, make_experiment, rows, run
from tests.runner.submit.conftest import Call

TUNE = ["tune", "--dataset", "digits", "--epochs", "40"]


def points(store: Store, experiment: int) -> list[str]:
    """Return what each job trains, in words."""
    jobs = queries.jobs(store, experiment)
    seed = queries.experiment(store, experiment).seed
    return [
        json.dumps([job.configuration["params"], job.configuration.get("seed", seed)])
        for job in jobs
    ]


def test_a_larger_downsample_adds_the_points_that_are_missing(
    call: Call, sqlite_store: Store
) -> None:
    call(*TUNE, "--downsample", "0.01")
    first = points(sqlite_store, 1)
    added = call("tune", "--into", "1", "--downsample", "0.02", "--format", "json")
    both = points(sqlite_store, 1)
    assert both[: len(first)] == first
    assert len(set(both)) == len(both) == len(json.loads(added.stdout)["jobs"])
    call(*TUNE, "--downsample", "0.02")
    assert set(points(sqlite_store, 2)) == set(both)
    assert "nothing was added" in call("tune", "--into", "1", "--downsample", "0.02").stderr
    (submission,) = report_document(sqlite_store, 1).submissions
    assert (submission.submission, submission.first_job) == (2, len(first) + 1)
    assert submission.jobs == len(both) - len(first)


def test_repeats_grids_and_params_add_points(
    call: Call, sqlite_store: Store, tmp_path: Path
) -> None:
    grid = tmp_path / "grid.json"
    grid.write_text('{"lr": [0.1, 0.2]}')
    call(*TUNE, "--grid", str(grid), "--downsample", "1")
    more = ["tune", "--into", "1", "--downsample", "1"]
    call(*more, "--repeats", "3")
    assert len(set(points(sqlite_store, 1))) == 6
    # 40.0 is the 40 of --epochs, and 0.2 the default of dropout.
    grid.write_text('{"lr": [0.2, 0.3], "epochs": [40.0], "dropout": [0.2]}')
    call(*more, "--grid", str(grid))
    assert len(queries.jobs(sqlite_store, 1)) == 7
    call(*more, "--param", "lr=0.4")
    assert [job.configuration["params"]["lr"] for job in queries.jobs(sqlite_store, 1)][-2:] == [
        0.3,
        0.4,
    ]
    assert [submission.jobs for submission in report_document(sqlite_store, 1).submissions] == [
        4,
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seed", "3"], "--seed 3 cannot be given with --into 1"),
        (["--epochs", "41"], "what all submissions of experiment 1 share: it has 40"),
        (["--dataset", "shapes"], "it has digits"),
        (["--network", "resnet"], "--network 'resnet' cannot be given"),
        (["--key", "mine"], "--key 'mine' cannot be given"),
        (["--param", "lrr=1"], "did you mean 'lr'?"),
        (["--downsample", "1e-9"], "keeps none of the grid's"),
    ],
)
def test_what_an_experiment_fixes_cannot_be_changed(
    call: Call, sqlite_store: Store, options: list[str], said: str
) -> None:
    call(*TUNE, "--downsample", "0.01")
    into = ["tune", "--into", "1", "--downsample", "0.02"]
    with pytest.raises(InputError) as refused:
        call(*into, *options)
    assert said in f"{refused.value.what} {refused.value.expected} {refused.value.fix}"
    # The same values again are no change.
    call(*into, "--epochs", "40", "--dataset", "digits")
    assert rows(sqlite_store, "submissions") == 1


def test_only_a_tune_of_a_grid_takes_more_points(call: Call, sqlite_store: Store) -> None:
    call("train", "--dataset", "digits")
    into = ["tune", "--downsample", "0.02", "--into"]
    with pytest.raises(InputError, match="its kind is train"):
        call(*into, "1")
    with pytest.raises(InputError, match="there is no experiment 9"):
        call(*into, "9")
    assert rows(sqlite_store, "jobs") == 1


def test_the_database_itself_refuses_a_point_twice(store: Store) -> None:
    first = make_experiment(store, jobs=2, points=["a", "b"])
    with pytest.raises(IntegrityError, match="point"):
        make_experiment(store, jobs=2, points=["a", "a"])
    assert make_experiment(store, jobs=2, points=["a", "b"]) > first
    # Jobs that train no point of a grid have none.
    make_experiment(store, jobs=2)


def test_the_key_of_an_experiment_that_was_added_to_is_still_known(
    call: Call, sqlite_store: Store
) -> None:
    first = [*TUNE, "--downsample", "0.01", "--key", "mine"]
    call(*first)
    call("tune", "--into", "1", "--downsample", "0.02")
    call(*first)
    assert rows(sqlite_store, "experiments") == 1


def test_an_experiment_of_an_earlier_version_gets_only_what_is_missing(
    call: Call, sqlite_store: Store
) -> None:
    call(*TUNE, "--downsample", "0.01")
    run(sqlite_store, "UPDATE jobs SET point = NULL")
    call("tune", "--into", "1", "--downsample", "0.02")
    assert len(set(points(sqlite_store, 1))) == len(points(sqlite_store, 1)) == 31


def test_an_experiment_is_deleted_with_its_submissions(call: Call, sqlite_store: Store) -> None:
    call(*TUNE, "--downsample", "0.01")
    call("tune", "--into", "1", "--downsample", "0.02")
    cancel(sqlite_store, Target(experiment=1))
    assert delete_experiments(sqlite_store, [1]) == [1]
    assert rows(sqlite_store, "submissions") == 0


def test_two_who_add_at_once_make_no_duplicate(
    store: Store, in_processes: InProcesses, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path))
    options: dict[str, Any] = {"dataset": "digits", "epochs": 40}
    # 1,600 points, of which different submitters ask for different ones first.
    grid = {"lr": [0.001 * number for number in range(1, 41)], "batch_size": list(range(10, 50))}
    client = runner.open(store.url)
    experiment = client.submit_tune(grid=grid, downsample=0.1, **options).number

    def submit(number: int) -> None:
        client = runner.open(store.url)
        for share in ([0.3, 0.5, 1.0], [0.4, 0.6, 1.0])[number % 2]:
            client.submit_tune(into=experiment, downsample=share)

    in_processes(4, submit)
    assert len(set(points(store, experiment))) == len(points(store, experiment)) == 1600
    numbers = [job.number for job in queries.jobs(store, experiment)]
    assert numbers == list(range(1, 1601))
