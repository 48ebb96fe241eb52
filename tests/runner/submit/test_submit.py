"""What is trained is decided once, when it is submitted; equal points of a grid are one trial."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cifar_model.data import DatasetSpec
from cifar_model.errors import InputError
from cifar_model.grid import PAPER_GRID
from runner.cli.submit import submit
from runner.reports.experiment.document import report_document
from runner.settings import Settings
from runner.store import queries
from runner.store.engine import Store
from runner.submit.experiments import Training, new_train, new_tune, save

METHOD = "uniform_mersenne"


def training(epochs: int | None = None, **changes: Any) -> Training:
    given: dict[str, Any] = {"dataset": DatasetSpec("digits"), "threads": 1, "seed": 0}
    return Training(**(given | {"epochs": epochs} | changes))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"RUNNER_HOME": str(tmp_path)})


def params_of(store: Store, experiment: int) -> list[dict[str, Any]]:
    """Return the params of the jobs, as they are stored."""
    return [job.configuration["params"] for job in queries.jobs(store, experiment)]


def test_the_params_of_a_job_are_those_that_are_trained(
    sqlite_store: Store, settings: Settings
) -> None:
    one = save(sqlite_store, new_train(settings, training(3), {"lr": 0.01, "epochs": 7}))
    assert params_of(sqlite_store, one) == [{"lr": 0.01, "epochs": 3}]
    asked = save(sqlite_store, new_train(settings, training(), {"epochs": 7}))
    assert params_of(sqlite_store, asked) == [{"epochs": 7}]
    grid: dict[str, Any] = {"epochs": [5, 6], "lr": [0.1, 0.2]}
    tuned = save(sqlite_store, new_tune(settings, training(2), grid, (1.0, METHOD)))
    assert sorted(row["lr"] for row in params_of(sqlite_store, tuned)) == [0.1, 0.2]
    assert {row["epochs"] for row in params_of(sqlite_store, tuned)} == {2}
    configuration = queries.experiment(sqlite_store, tuned).configuration
    assert (configuration["epochs"], configuration["grid"]["epochs"]) == (2, [5, 6])


@pytest.mark.parametrize(
    ("grid", "epochs", "different"),
    [
        ({"lr": [0.001, 1e-3, 0.001]}, None, [0.001]),
        ({"lr": [1, 1.0, 2], "epochs": [3]}, None, [1, 2]),
        ({"lr": [0.1, 0.2], "epochs": [5, 6, 7]}, 1, [0.1, 0.2]),
        # 0.2 is the default, whether it is said or not.
        ({"lr": [0.1], "dropout": [0.2, 0.2]}, None, [0.1]),
    ],
)
def test_equal_points_are_one_trial(
    sqlite_store: Store,
    settings: Settings,
    grid: dict[str, Any],
    epochs: int | None,
    different: list[float],
) -> None:
    experiment = save(sqlite_store, new_tune(settings, training(epochs), grid, (1.0, METHOD)))
    assert sorted(row["lr"] for row in params_of(sqlite_store, experiment)) == different


def test_every_one_of_the_equal_points_has_its_further_seeds(
    sqlite_store: Store, settings: Settings
) -> None:
    grid = {"lr": [0.1, 0.1]}
    experiment = save(sqlite_store, new_tune(settings, training(repeats=3), grid, (1.0, METHOD)))
    trials = report_document(sqlite_store, experiment).trials
    assert [trial.seed for trial in trials] == [0, 1, 2]


def test_the_papers_sixteen_points_stay_different_with_seed_2(
    sqlite_store: Store, settings: Settings
) -> None:
    for seed, different in ((0, 15), (2, 16)):
        asked = training(1, seed=seed)
        experiment = save(sqlite_store, new_tune(settings, asked, PAPER_GRID, (0.01, METHOD)))
        assert len(params_of(sqlite_store, experiment)) == different


def test_a_value_is_checked_together_with_those_of_its_own_point_only(settings: Settings) -> None:
    grid: dict[str, Any] = {"dropout": [0.5, 0.9], "blocks": [1]}
    new = new_tune(settings, training(), grid, (1.0, METHOD))
    assert sorted(job["params"]["dropout"] for job in new.jobs) == [0.5, 0.9]
    with pytest.raises(InputError, match="gives block 3 of 3"):
        new_tune(settings, training(), {**grid, "blocks": [3]}, (1.0, METHOD))


def test_submit_says_how_many_points_are_different(sqlite_store: Store, tmp_path: Path) -> None:
    environment = {"RUNNER_DATABASE_URL": sqlite_store.url, "RUNNER_HOME": str(tmp_path)}
    command = ["tune", "--dataset", "digits", "--downsample", "0.01", "--format", "json"]

    def call(*options: str) -> tuple[dict[str, Any], str]:
        done = CliRunner().invoke(submit, [*command, *options], env=environment)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout), done.stderr

    document, said = call("--epochs", "1")
    assert (document["points"], document["different"], len(document["jobs"])) == (16, 15, 15)
    assert "16 points, 15 distinct with --epochs 1: equal points are trained once" in said
    document, said = call()
    assert (document["points"], document["different"], len(document["jobs"])) == (16, 16, 16)
    assert "different" not in said


def test_a_key_of_an_earlier_version_that_resized_images_is_still_known(
    sqlite_store: Store, settings: Settings
) -> None:
    new = new_train(settings, training(key="mine", dataset=DatasetSpec("digits", None, 32)), {})
    dataset = {name: new.configuration["dataset"][name] for name in new.configuration["dataset"]}
    del dataset["image_size"]
    earlier = new.configuration | {"dataset": dataset | {"resize": True}}
    first = save(sqlite_store, replace(new, configuration=earlier))
    assert save(sqlite_store, new) == first
