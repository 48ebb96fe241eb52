"""Trials that are too short for their batch normalisation are warned of, once an experiment."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import event

from runner.cli.submit import submit
from runner.reports.experiment.document import report_document
from runner.reports.experiment.training import training_parts
from runner.reports.experiment.warnings import (
    patience_warnings,
    reduction_warnings,
    training_warnings,
)
from runner.reports.formats.terminal import as_terminal
from runner.store.engine import Store
from runner.store.lifecycle.tuning.additions import Addition, add
from runner.store.queries.schedules import Schedule, schedules
from tests.runner.reports.stored import DATASET, store_evaluation, store_tune
from tests.runner.store.making import make_experiment

SUBMIT = ["--dataset", "digits", "--train-size", "640", "--format", "json"]


def schedules_of(
    store: Store, *params: dict[str, Any], epochs: int | None = None
) -> list[Schedule]:
    """Return the schedules of an experiment of such trials."""
    dataset = DATASET | {"images": {"train": 640, "validation": 10, "test": 10}}
    configuration = {"dataset": dataset, "epochs": epochs, "threads": 1}
    jobs = [{"params": one} for one in params]
    experiment = make_experiment(store, jobs, configuration=configuration)
    with store.read() as connection:
        return schedules(connection, experiment)


def warned(store: Store, *params: dict[str, Any], epochs: int | None = None) -> list[str]:
    """Return the warnings about too few steps if there are 640 images to train on."""
    return training_warnings(schedules_of(store, *params, epochs=epochs), 640)


@pytest.mark.parametrize(("patience", "warns"), [(0, False), (9, False), (10, True)])
def test_a_patience_of_all_epochs_or_more_is_warned_of(
    store: Store, patience: int, warns: bool
) -> None:
    found = patience_warnings(schedules_of(store, {"patience": patience}, {"lr": 0.1}))
    expected = "patience=10 has no effect in 10 epochs (1 of 2 trials): use a patience below"
    assert [line.startswith(expected) for line in found] == [True] * warns


@pytest.mark.parametrize(
    ("grid", "read"),
    [
        ({"batch_size": [8]}, False),
        ({"batch_size": [8], "patience": [3]}, False),
        ({"batch_size": [8, 16]}, True),
        ({"batch_size": {"values": [8], "when": {"optimizer": ["adam"]}}}, True),
    ],
)
def test_a_schedule_that_all_points_of_a_grid_share_is_not_read_in_each_job(
    store: Store, grid: dict[str, Any], read: bool
) -> None:
    params = {name: values[0] for name, values in grid.items() if isinstance(values, list)}
    configuration = {"dataset": None, "epochs": None, "threads": 1, "grid": grid}
    jobs = [{"params": params | {"lr": rate}} for rate in (0.1, 0.2)]
    experiment = make_experiment(store, jobs, configuration=configuration)
    without_grid = make_experiment(store, jobs)
    asked: list[str] = []
    with store.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2]))
        found = schedules(connection, experiment)
        reads = any("jobs.configuration" in statement for statement in asked)
        told = schedules(connection, without_grid)
    assert found == told
    assert reads == read


def test_points_that_were_added_have_schedules_of_their_own(store: Store) -> None:
    configuration = {"dataset": None, "epochs": None, "grid": {"batch_size": [8]}, "threads": 1}
    experiment = make_experiment(
        store, [{"params": {"batch_size": 8}}], configuration=configuration
    )
    added = {"point": {"params": {"batch_size": 16}}}
    add(store, Addition(experiment, {**configuration, "grid": {"batch_size": [16]}}, {}, added))
    with store.read() as connection:
        assert [found.batch_size for found in schedules(connection, experiment)] == [8, 16]


@pytest.mark.parametrize(("interval", "warns"), [(1, False), (2, True), (50, True)])
def test_a_reduction_that_never_happens_is_warned_of(
    store: Store, interval: int, warns: bool
) -> None:
    found = schedules_of(store, {"lr": 0.1}, {"lr": 0.2})
    said = reduction_warnings(interval, found)
    assert ["after every" in line and "the experiment has 2" in line for line in said] == (
        [True] * warns
    )
    assert reduction_warnings(None, found) == []


@pytest.mark.parametrize(
    ("params", "is_short"),
    [
        # Twenty steps an epoch, ten epochs by default; 0.99 needs some 400.
        ({}, True),
        ({"epochs": 19}, True),
        ({"epochs": 20}, False),
        ({"batch_size": 16}, False),
        ({"batch_norm_momentum": 0.9}, False),
        ({"batch_norm_momentum": 0.9, "epochs": 1}, True),
        ({"batch_norm_momentum": 0}, False),
    ],
)
def test_a_trial_needs_four_times_as_many_steps_as_its_averages_span(
    store: Store, params: dict[str, Any], is_short: bool
) -> None:
    assert bool(warned(store, params)) == is_short


def test_one_line_is_about_all_trials_and_says_what_helps(store: Store) -> None:
    [line] = warned(store, {}, {"batch_size": 64}, {"batch_norm_momentum": 0.9})
    said = "2 of 3 trials are too short for batch_norm_momentum 0.99: 100 training steps, but"
    assert f"{said} about 400 are needed" in line
    assert ", or --param batch_norm_momentum=0.9" in line
    [line] = warned(store, {"epochs": 50}, epochs=1)
    assert "20 training steps" in line, "an older store keeps --epochs apart"
    assert ", and --param batch_norm_momentum=0.9" in line, "alone it would be too slow as well"


def test_submit_and_the_report_warn(sqlite_store: Store, tmp_path: Path) -> None:
    environment = {"RUNNER_DATABASE_URL": sqlite_store.url, "RUNNER_HOME": str(tmp_path)}
    done = CliRunner().invoke(submit, ["train", *SUBMIT], env=environment)
    document = json.loads(done.stdout)
    [line] = document["warnings"]
    assert (done.exit_code, done.stderr.count(f"warning: {line}\n")) == (0, 1)
    report = report_document(sqlite_store, document["experiment"])
    assert report.warnings == [line]
    assert line in as_terminal("", training_parts(report, []), Path())
    enough = [*SUBMIT, "--param", "batch_norm_momentum=0.9"]
    done = CliRunner().invoke(submit, ["train", *enough], env=environment)
    assert json.loads(done.stdout)["warnings"] == []
    assert "warning" not in done.stderr


def test_other_kinds_have_no_such_warning(sqlite_store: Store) -> None:
    assert report_document(sqlite_store, store_tune(sqlite_store, [[0.5]])).warnings
    assert report_document(sqlite_store, store_evaluation(sqlite_store)).warnings == []
