"""`runner grid`: the number of points, some of them, what they cost, and what is refused."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.grid import grid
from runner.errors import InputError
from runner.store.engine import Store
from tests.runner.reports.stored import new_trial


def call(home: Path, *arguments: str, store: Store | None = None) -> str:
    environment = {"RUNNER_HOME": str(home)}
    if store is not None:
        environment["RUNNER_DATABASE_URL"] = store.url
    done = CliRunner().invoke(grid, list(arguments), env=environment, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_grid_is_counted_and_nothing_is_stored(tmp_path: Path) -> None:
    text = call(tmp_path / "home", "small")
    assert "points: 12; 12 would be trained" in text
    assert "No epoch of the network paper has been measured" in text
    assert not (tmp_path / "home").exists()


def test_the_cost_follows_from_the_epochs_in_the_store(tmp_path: Path, sqlite_store: Store) -> None:
    new_trial(sqlite_store)
    arguments = ("wide", "--search", "tpe", "--trials", "60", "--epochs", "4", "--format", "json")
    document = json.loads(call(tmp_path, *arguments, store=sqlite_store))
    assert (document["points"], document["trials"], document["trial_epochs"]) == (None, 60, 4)
    assert {point["epochs"] for point in document["sample"]} == {4}
    (cost,) = document["costs"]
    assert cost["epochs"] > 0
    assert cost["seconds"] == pytest.approx(60 * 4 * cost["epoch_seconds"])


def test_a_downsample_shows_the_points_that_talos_samples(tmp_path: Path) -> None:
    document = json.loads(call(tmp_path, "paper", "--downsample", "0.01", "--format", "json"))
    assert (document["points"], document["trials"]) == (1600, 16)
    assert len(document["sample"]) == 5


def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text("lr: [0.1]\nbatch_size: [0]\n")
    with pytest.raises(InputError, match=r"line 2 of .*grid\.yaml"):
        call(tmp_path, str(path))
    with pytest.raises(InputError, match="cannot draw momentum"):
        call(tmp_path, "wide", "--search", "cmaes", "--trials", "5")
    with pytest.raises(InputError, match="--trials has no effect with --search grid"):
        call(tmp_path, "small", "--trials", "5")
