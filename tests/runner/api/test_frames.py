"""A data frame has what the JSON of the reports has, field by field, and its columns always."""

import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runner
from cifar_model.networks.network import RESNET
from cifar_model.params import Params
from runner.api.frames.reading import FRAMES
from runner.reports.experiment.document import report_document
from runner.reports.explanation.search import search_document
from runner.reports.leaderboard import leaderboard_document
from runner.reports.records import Epoch, plain
from runner.reports.trial import trial_document
from runner.store import queries
from runner.store.engine import Store, open_store
from runner.store.lifecycle.naming import archive
from runner.store.queries.explanations import Wanted
from runner.store.queries.leaderboard import Scope
from tests.runner.reports.stored import (
    evaluated,
    store_evaluation,
    store_explanation,
    store_failure,
    store_folds,
    store_repeats,
    store_tune,
)
from tests.runner.store.making import job_ids, run

EVERYTHING = Wanted(None, None, None, None, {})


@pytest.fixture
def client(store: Store) -> runner.Client:
    """Offer a store with every kind of result, once on either database."""
    return filled(store)


@pytest.fixture(scope="module")
def chosen_from(upgraded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> runner.Client:
    """Offer the same store to tests that only read; its experiments are numbered from 1."""
    store = open_store(f"sqlite:///{shutil.copy(upgraded_file, tmp_path_factory.mktemp('read'))}")
    client = filled(store)
    run(store, "UPDATE experiments SET name = 'first' WHERE id = 1")
    return client


def filled(store: Store) -> runner.Client:
    """Store every kind of result, and what is unfinished and what failed."""
    tune = store_tune(store, [[0.2, 0.7, 0.5], [0.5], [0.9, 0.8], []], optimizer="nadam")
    store_failure(store, job_ids(store, tune)[3], "diverged")
    store_tune(store, [[0.5], []], override=3)
    store_repeats(store, [0.4, 0.6, 0.5])
    store_evaluation(store)
    store_folds(store, [0.5, 0.75], 3)
    store_explanation(store)
    store_explanation(store, "void", "one superpixel", r2=None, intercept=None)
    return runner.open(store.url)


def test_trials_of_other_networks_have_nothing_where_a_param_is_not_theirs(store: Store) -> None:
    client = filled(store)
    paper, other, *_ = client.trials()["trial"].dropna()
    as_json = json.dumps(RESNET.to_json())
    of_other = "UPDATE trials SET network = :network WHERE id = :trial"
    run(store, of_other, network=as_json, trial=int(other))
    trials = client.trials().set_index("trial")
    assert pd.isna(trials.loc[other, "params.blocks"])
    assert trials.loc[paper, "params.blocks"] == 3


def cells(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield what a JSON value is in a frame: the names of columns, and their values."""
    if name.endswith("interval"):
        for bound, at in zip(("low", "high"), value or (None, None), strict=True):
            yield f"{name}.{bound}", at
    elif isinstance(value, Mapping):
        for inner, item in value.items():
            yield from cells(item, f"{name}.{inner}")
    else:
        yield name, value


def assert_row(frame: pd.DataFrame, key: str, document: Mapping[str, Any], *left: str) -> None:
    """Find the row of a JSON document, and compare every field except those that are left out."""
    [row] = frame[frame[key] == document[key]].to_dict("records")
    for field, given in document.items():
        if field in left:
            continue
        for column, value in cells(given, field):
            if value is None and column not in row:
                assert all(pd.isna(row[name]) for name in row if name.startswith(f"{column}."))
            elif value is None:
                assert row[column] is None or pd.isna(row[column]), column
            else:
                assert row[column] == value, column


def experiments_of(client: runner.Client) -> list[int]:
    numbers: list[int] = client.experiments()["experiment"].tolist()
    return numbers


def test_trials_and_epochs_are_those_of_the_reports(client: runner.Client, store: Store) -> None:
    trials, epochs = client.trials(), client.epochs()
    seen, recorded = 0, 0
    for number in experiments_of(client):
        document = plain(report_document(store, number))
        if document["kind"] != "tune":
            continue
        seen += len(document["trials"])
        for trial in document["trials"]:
            assert_row(trials, "job", trial, "params", "epochs")
            [row] = trials[trials["job"] == trial["job"]].to_dict("records")
            params = Params.from_json(trial["params"]).to_json()
            assert {name: row[f"params.{name}"] for name in params} == params
            own = epochs[epochs["job"] == trial["job"]]
            recorded += len(own)
            # Other metrics have columns of their own.
            names = [field.name for field in dataclasses.fields(Epoch) if field.name != "metrics"]
            recorded_ = [{name: epoch[name] for name in names} for epoch in trial["epochs"]]
            assert own[names].to_dict("records") == recorded_
    assert (seen, recorded) == (len(trials), len(epochs))
    assert seen > 8


def test_trials_are_those_of_the_leaderboard_and_of_show(
    client: runner.Client, store: Store
) -> None:
    trials = client.trials()
    leaders = plain(leaderboard_document(store, Scope(), "val_accuracy", 100))["trials"]
    assert len(leaders) == trials["trial"].notna().sum()
    for leader in leaders:
        # A rank, and what is noise, are those within the experiment.
        assert_row(trials, "trial", leader, "params", "rank", "noise")
        shown = plain(trial_document(store, trial=leader["trial"]))
        of_the_experiment = ("rank", "noise", "val_accuracy_interval", "kind", "dataset")
        left = (*of_the_experiment, "provenance", "attempt_details", "evaluations")
        assert_row(trials, "trial", shown, "params", "epochs", *left)


def test_evaluations_are_those_of_the_reports(client: runner.Client, store: Store) -> None:
    evaluations = client.evaluations()
    found = [
        (number, evaluation)
        for number in experiments_of(client)
        for evaluation in plain(report_document(store, number))["evaluations"]
    ]
    assert len(found) == len(evaluations) == 3
    for number, evaluation in found:
        assert_row(evaluations, "evaluation", evaluation | {"experiment": number})


def test_explanations_are_those_of_the_reports_and_of_the_search(
    client: runner.Client, store: Store
) -> None:
    explanations = client.explanations()
    found = plain(search_document(store, EVERYTHING, 100, masks=False))["newest"]
    assert len(found) == len(explanations) == 4
    for explanation in found:
        assert_row(explanations, "explanation", explanation, "file")
    reported = [
        explanation
        for number in experiments_of(client)
        for explanation in plain(report_document(store, number))["explanations"]
    ]
    assert len(reported) == 4
    for explanation in reported:
        assert_row(explanations, "explanation", explanation, "file")


def test_experiments_are_those_of_the_reports(client: runner.Client, store: Store) -> None:
    experiments = client.experiments()
    for number in experiments_of(client):
        document = plain(report_document(store, number))
        [row] = experiments[experiments["experiment"] == number].to_dict("records")
        for field in ("kind", "seed"):
            assert row[field] == document[field]
        for field in ("created_at", "ended_at"):
            given = document[field]
            assert (
                pd.isna(row[field])
                if given is None
                else (abs(row[field] - pd.Timestamp(given)) < pd.Timedelta("1ms"))
            )
        for field in ("states", "dataset", "configuration", "provenance"):
            for column, value in cells(document[field], field):
                if column.startswith("provenance.packages."):
                    assert row["provenance.packages"][column.rpartition(".")[2]] == value
                elif value is not None:
                    assert row[column] == value, column


def test_predictions_are_those_of_the_evaluation(store: Store) -> None:
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    trial = evaluated(store, predicted, labels)
    classes = np.array(["circle", "a|b <$x_1$> \\ &"])
    found = runner.open(store.url).predictions(where="val_accuracy>0")
    assert found["image"].tolist() == [0, 1, 2, 3]
    assert found["true_class"].tolist() == classes[labels].tolist()
    assert found["predicted_class"].tolist() == classes[predicted].tolist()
    assert found["probability"].tolist() == [0.75] * 4
    assert set(found["trial"]) == {trial}


def test_experiments_are_chosen_by_number_list_and_name(chosen_from: runner.Client) -> None:
    client = chosen_from
    assert set(client.trials(2)["experiment"]) == {2}
    assert set(client.trials([1, 3])["experiment"]) == {1, 3}
    assert set(client.epochs("first")["experiment"]) == {1}
    assert client.experiments("first")["name"].tolist() == ["first"]
    assert client.experiment("first").number == 1


def test_conditions_choose_trials_and_what_is_about_them(chosen_from: runner.Client) -> None:
    client = chosen_from
    chosen = client.trials(1, where=["val_accuracy>=0.5", "optimizer=nadam"])
    assert chosen["val_accuracy"].tolist() == [0.5, 0.5, 0.8]
    assert set(client.epochs(where="val_accuracy>0.7")["trial"]) == {3}
    assert client.evaluations(where="val_accuracy>0.9").empty
    assert len(client.explanations(where="val_accuracy=0.5")) == 4


def test_trials_of_archived_experiments_are_there_with_and_without_conditions(
    store: Store,
) -> None:
    tune = store_tune(store, [[0.2], [0.5]])
    archive(store, [tune], archived=True)
    client = runner.open(store.url)
    assert len(client.trials()) == len(client.trials(where="val_accuracy>0")) == 2


def test_trials_that_have_no_epoch_yet_are_rows_without_scores(
    sqlite_store: Store,
) -> None:
    store_tune(sqlite_store, [[], []])
    client = runner.open(sqlite_store.url)
    trials = client.trials()
    assert trials["trained_epochs"].tolist() == [0, 0]
    assert trials["val_accuracy"].isna().all()
    assert client.trials(where="val_accuracy>5").empty


@pytest.mark.parametrize("what", FRAMES)
def test_an_empty_store_has_the_columns_and_no_row(
    what: str, chosen_from: runner.Client, tmp_path: Path
) -> None:
    full = getattr(chosen_from, what)()
    nowhere = getattr(runner.open(tmp_path / "nothing"), what)()
    none_of_it = chosen_from.experiment(2) if what in ("evaluations", "explanations") else None
    assert not full.empty
    assert nowhere.empty
    assert not (tmp_path / "nothing").exists()
    for empty in (nowhere, *([getattr(none_of_it, what)()] if none_of_it else [])):
        assert empty.empty
        assert list(empty.columns) == list(full.columns)
        assert list(map(str, empty.dtypes)) == list(map(str, full.dtypes))


@pytest.mark.parametrize("what", ["trials", "epochs"])
def test_rows_that_are_read_in_several_parts_are_the_same(
    chosen_from: runner.Client, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = getattr(chosen_from, what)()
    assert len(at_once) > 6
    monkeypatch.setattr(queries.rows, "PART", 3)
    pd.testing.assert_frame_equal(getattr(chosen_from, what)(), at_once)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"where": "acc>0.5"}, "one of accuracy, val_accuracy"),
        ({"where": ["lr=0.1", "lrr=3"]}, "did you mean 'lr'?"),
        ({"where": "name=\udcff"}, "printable characters"),
        ({"experiment": "\udcff"}, "the newest are"),
        ({"experiment": 99}, "the newest are"),
        ({"experiment": "no such name"}, "the newest are"),
        ({"experiment": []}, "a list of one or more"),
        ({"experiment": 1.5}, "a number, a name"),
        ({"experiment": [1, True]}, "a number, a name"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_there_is(
    chosen_from: runner.Client, call: dict[str, Any], said: str
) -> None:
    with pytest.raises(runner.InputError) as refused:
        chosen_from.trials(**call)
    assert said in refused.value.expected
