"""`submit evaluate --folds` is refused where it makes no sense, before a row is written."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.submit import evaluate
from runner.errors import InputError
from runner.store.engine import Store
from runner.submit.experiments import new_folds, save
from tests.runner.reports.stored import new_trial
from tests.runner.store.making import rows


def test_folds_take_no_split(sqlite_store: Store, tmp_path: Path) -> None:
    arguments = ["--trial", "1", "--folds", "3", "--split", "test"]
    environment = {"RUNNER_DATABASE_URL": sqlite_store.url, "RUNNER_HOME": str(tmp_path)}
    with pytest.raises(InputError, match="cannot be combined with --split"):
        CliRunner().invoke(evaluate, arguments, env=environment, catch_exceptions=False)


def test_more_folds_than_pictures_are_refused(sqlite_store: Store) -> None:
    trial = new_trial(sqlite_store)
    before = rows(sqlite_store, "jobs")
    with pytest.raises(InputError, match="--folds 51: there are 50 images"):
        save(sqlite_store, new_folds(sqlite_store, trial, 51, seed=0))
    assert rows(sqlite_store, "jobs") == before


def test_each_fold_is_a_job(sqlite_store: Store) -> None:
    trial = new_trial(sqlite_store)
    before = rows(sqlite_store, "jobs")
    save(sqlite_store, new_folds(sqlite_store, trial, 50, seed=0))
    assert rows(sqlite_store, "jobs") == before + 50
