"""From Python the same is submitted as from the command line, and refused in the same words."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import runner
from runner.cli.submit import submit
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.control import Target, cancel
from tests.runner.reports.stored import new_trial, store_failure, store_tune
from tests.runner.store.making import job_ids, make_experiment, rows, run

DIGITS = ["--dataset", "digits"]


@pytest.fixture
def client(sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> runner.Client:
    """Offer a client of an empty store, whose home is empty too."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path))
    return runner.open(sqlite_store.url)


def stored(store: Store, number: int) -> Any:
    """Return what decides the results of an experiment."""
    found = queries.experiment(store, number)
    jobs = [job.configuration for job in queries.jobs(store, number)]
    return found.kind, found.seed, found.configuration, jobs


def test_importing_runner_is_light() -> None:
    program = "import runner, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    heavy = {"keras", "tensorflow", "pandas", "numpy", "sqlalchemy", "pydantic", "click"}
    assert heavy.isdisjoint(done.stdout.decode().split())
    assert sorted(runner.__all__) == runner.__all__
    assert all(getattr(runner, name) for name in runner.__all__)


@pytest.mark.parametrize(
    ("arguments", "call", "options"),
    [
        (
            ["train", *DIGITS, "--param", "lr=0.01", "--augment", "--epochs", "40", "--seed", "3"],
            "submit_train",
            {"params": {"lr": 0.01}, "augment": True, "epochs": 40, "seed": 3},
        ),
        (
            ["tune", *DIGITS, "--downsample", "0.01", "--repeats", "2", "--epochs", "40"],
            "submit_tune",
            {"downsample": 0.01, "repeats": 2, "epochs": 40},
        ),
    ],
)
def test_training_is_submitted_as_by_the_command_line(
    client: runner.Client,
    sqlite_store: Store,
    arguments: list[str],
    call: str,
    options: dict[str, Any],
) -> None:
    environment = {"RUNNER_DATABASE_URL": sqlite_store.url}
    done = CliRunner().invoke(submit, [*arguments, "--format", "json"], env=environment)
    assert done.exit_code == 0, done.output
    experiment = getattr(client, call)(dataset="digits", **options)
    first = json.loads(done.stdout)["experiment"]
    assert stored(sqlite_store, experiment.number) == stored(sqlite_store, first)
    command = queries.experiment(sqlite_store, experiment.number).provenance["command"]
    assert command.startswith(f"client.{call}(")
    assert "dataset='digits'" in command


def test_a_trial_is_evaluated_and_explained_as_by_the_command_line(
    client: runner.Client, sqlite_store: Store
) -> None:
    trial = new_trial(sqlite_store)
    environment = {"RUNNER_DATABASE_URL": sqlite_store.url}
    evaluate = ["evaluate", "--trial", str(trial), "--folds", "3"]
    explain = ["explain", "--trial", str(trial), "--images", "0,3-4", "--samples", "100"]
    for arguments in (evaluate, explain):
        assert CliRunner().invoke(submit, arguments, env=environment).exit_code == 0
    evaluation = client.submit_evaluate(trial, folds=3)
    with pytest.warns(UserWarning, match="not significantly better than chance"):
        explanation = client.submit_explain(trial, "0,3-4", samples=100)
    for found in (evaluation, explanation):
        assert stored(sqlite_store, found.number) == stored(sqlite_store, found.number - 2)


def test_a_grid_is_a_dictionary_or_a_file(
    client: runner.Client, sqlite_store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "grid.json"
    path.write_text('{"lr": [0.1, 0.01], "dropout": {"range": [0.1, 0.3, 2]}, "epochs": [40]}')
    grid = {"lr": np.array([0.1, 0.01]), "dropout": (0.1, 0.3, 2), "epochs": [np.int64(40)]}
    found = [
        client.submit_tune(grid=each, downsample=1.0, dataset="digits") for each in (path, grid)
    ]
    first, second = (stored(sqlite_store, each.number) for each in found)
    assert first == second
    assert found[0].state.pending == 4


def test_the_same_key_is_the_same_experiment(client: runner.Client) -> None:
    numbers = {
        client.submit_train(dataset="digits", epochs=40, key="mine").number for _ in range(2)
    }
    assert len(numbers) == 1


@pytest.mark.parametrize(
    ("call", "options", "said"),
    [
        ("submit_train", {"epochs": 0}, "--epochs 0 is not valid"),
        ("submit_train", {"train_size": 1.5}, "--train-size 1.5 is not valid"),
        ("submit_train", {"seed": True}, "--seed True is not valid"),
        ("submit_train", {"params": {"lrr": 1}}, "did you mean 'lr'?"),
        ("submit_train", {"params": [("lr", 1)]}, "a dictionary such as"),
        ("submit_train", {"resize": "yes"}, "True or False"),
        ("submit_train", {"image_size": 4}, "--image-size 4 is not valid"),
        ("submit_train", {"image_size": 64, "resize": True}, "--resize together with"),
        ("submit_train", {"image_size": 8, "params": {"blocks": 4}}, "blocks=3 or less"),
        ("submit_train", {"params": {"momentum": 0.9}}, "no effect with optimizer=adam"),
        ("submit_train", {"init": 99}, "there is no trial 99"),
        ("submit_train", {"init": "absent.keras"}, "there is no such file"),
        ("submit_train", {"init": "weights.h5"}, "a file FILE.keras"),
        ("submit_train", {"freeze": 3}, "--freeze 3 is not valid"),
        ("submit_train", {"key": ""}, "--key is empty"),
        ("submit_train", {"key": "  "}, "--key is empty"),
        ("submit_train", {"dataset": "digit"}, "digits"),
        ("submit_tune", {"downsample": "1%"}, "--downsample '1%' is not valid"),
        ("submit_tune", {"downsample": 1.0, "method": "sobl"}, "did you mean 'sobol'?"),
        ("submit_tune", {"downsample": 1.0, "stop": "ash"}, "did you mean 'asha'?"),
        ("submit_tune", {"downsample": 1.0, "grid": {}}, "the grid is empty"),
        ("submit_tune", {"downsample": 1.0, "grid": {"lr": None}}, "correct lr"),
        ("submit_evaluate", {"trial": 99}, "there is no trial 99"),
        ("submit_evaluate", {"trial": 1, "split": "tests"}, "did you mean 'test'?"),
        ("submit_evaluate", {"trial": 1, "split": "test", "folds": 2}, "cannot be combined"),
        ("submit_explain", {"trial": 1, "images": [1.5]}, "numbers of images"),
        ("submit_explain", {"trial": 1, "images": "0", "samples": 1}, "--samples 1 is not valid"),
    ],
)
def test_bad_input_is_refused_before_anything_is_stored(
    client: runner.Client, sqlite_store: Store, call: str, options: dict[str, Any], said: str
) -> None:
    data = {"dataset": "digits"} if call in ("submit_train", "submit_tune") else {}
    with pytest.raises(runner.InputError, match=said):
        getattr(client, call)(**(data | options))
    assert rows(sqlite_store, "experiments") == 0


def test_a_broker_that_is_away_is_a_warning_and_the_jobs_are_saved(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_BROKER_URL", "redis://127.0.0.1:1/0")
    client = runner.open(sqlite_store.url)
    with pytest.warns(UserWarning, match="to fix it"):
        experiment = client.submit_train(dataset="digits", epochs=40)
    assert experiment.state.word == "pending"


def test_a_home_is_opened_whatever_the_environment_names(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_tune(sqlite_store, [[0.5]])
    monkeypatch.setenv("RUNNER_DATABASE_URL", sqlite_store.url)
    assert len(runner.open().trials()) == 1
    other = runner.open(tmp_path / "other")
    assert other.trials().empty
    assert "no results store yet" in repr(other)
    assert other.submit_train(dataset="digits", epochs=40).number == 1
    assert (tmp_path / "other" / "runner.db").exists()
    assert len(other.experiments()) == 1
    assert len(runner.open().trials()) == 1


def test_what_is_no_store_is_refused(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(runner.UnavailableError, match="is a file"):
        runner.open(tmp_path / "file")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "runner.db").write_text("no database")
    with pytest.raises(runner.UnavailableError, match=r"runner\.db"):
        runner.open(tmp_path / "text")
    with pytest.raises(runner.InputError, match="database URL begins with 'htp'"):
        runner.open("htp://host/name")
    with pytest.raises(runner.InputError, match="empty text"):
        runner.open("")
    run(sqlite_store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(runner.InputError, match="newer schema 9999"):
        runner.open(sqlite_store.url)
    run(sqlite_store, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(runner.InputError, match="older schema 0001"):
        runner.open(sqlite_store.url)


def test_waiting_for_what_has_succeeded_returns_it(
    client: runner.Client, sqlite_store: Store
) -> None:
    experiment = client.experiment(store_tune(sqlite_store, [[0.5], [0.75]]))
    assert experiment.wait(start_workers=False) is experiment
    assert experiment.state.word == "succeeded"
    assert experiment.trials()["val_accuracy"].tolist() == [0.5, 0.75]
    assert "2 succeeded" in repr(experiment)


def test_waiting_tells_what_failed(client: runner.Client, sqlite_store: Store) -> None:
    number = store_tune(sqlite_store, [[0.5], []])
    store_failure(sqlite_store, job_ids(sqlite_store, number)[1], "diverged")
    experiment = client.experiment(number)
    with pytest.raises(runner.JobsFailedError, match="1 succeeded, 1 failed") as failed:
        experiment.wait(start_workers=False)
    assert "diverged" in failed.value.what
    assert experiment.wait(start_workers=False, check=False).state.word == "failed"
    assert experiment.jobs()["reason"].dropna().tolist() == ["diverged"]


def test_waiting_ends_after_its_timeout(client: runner.Client, sqlite_store: Store) -> None:
    experiment = client.experiment(make_experiment(sqlite_store))
    with pytest.raises(TimeoutError, match=r"has not ended after 0\.1 s: 1 pending"):
        experiment.wait(0.1, start_workers=False)
    assert experiment.cancel().word == "cancelled"


def test_waiting_ends_when_the_last_job_does(client: runner.Client, sqlite_store: Store) -> None:
    experiment = client.experiment(make_experiment(sqlite_store))
    ending = threading.Timer(0.2, cancel, (sqlite_store, Target(experiment=experiment.number)))
    ending.start()
    assert experiment.wait(60, start_workers=False, check=False).state.word == "cancelled"
    ending.join()


def test_an_experiment_gets_its_name_its_tags_and_its_note(
    client: runner.Client, sqlite_store: Store
) -> None:
    label: dict[str, Any] = {"name": "first", "tags": ["b", "a"], "note": "why"}
    made = client.submit_train(dataset="digits", epochs=40, **label)
    found = queries.experiment(sqlite_store, made.number)
    assert (found.name, found.tags, found.note) == ("first", ["a", "b"], "why")
    with pytest.raises(runner.InputError, match="is the name of experiment"):
        client.submit_train(dataset="digits", epochs=40, name="first")
