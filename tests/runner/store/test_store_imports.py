"""An imported trial is like one that was trained here, and is stored once."""

from dataclasses import replace
from typing import Any

import pytest

from runner.reports.experiment.document import report_document
from runner.reports.trial import trial_document
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import Store
from runner.store.lifecycle.imports import Imported, ImportedEpoch, import_trial
from runner.store.names import Label
from runner.store.queries import workers_alive
from tests.runner.reports.stored import DATASET
from tests.runner.store.making import make_epoch, rows

IMPORTED = Imported(
    key="import 1",
    params={"lr": 0.01},
    seed=9,
    threads=2,
    dataset=DATASET,
    provenance={"command": "runner submit train", "packages": {}},
    epochs=[
        ImportedEpoch(make_epoch(1, val_accuracy=0.5), "here", loss_rule=1),
        ImportedEpoch(make_epoch(2, val_accuracy=0.4), "there", loss_rule=2),
    ],
    weights=b"weights",
)


def test_it_has_its_params_epochs_and_model(store: Store) -> None:
    trial = import_trial(store, IMPORTED).trial
    found = queries.trial(store, trial)
    assert (found.params, found.seed, found.threads) == ({"lr": 0.01, "epochs": 2}, 9, 2)
    assert get_artifact(store, found.model) == b"weights"
    document = trial_document(store, trial=trial)
    assert [row.val_accuracy for row in document.epochs] == [0.5, 0.4]
    assert (document.best_epoch, document.state) == (1, "succeeded")
    assert document.fingerprints == ["here", "there"]
    assert [row.loss_rule for row in document.epochs] == [1, 2]
    assert document.provenance.command == "runner submit train"


def test_reports_show_it_with_the_epochs_that_it_was_trained_for(store: Store) -> None:
    import_trial(store, IMPORTED)
    document = report_document(store, None)
    assert document.states["succeeded"] == 1
    assert document.trials[0].params == {"lr": 0.01, "epochs": 2}


def test_a_trial_that_is_there_already_is_recognised_whatever_bundle_it_comes_in(
    store: Store,
) -> None:
    first = import_trial(store, IMPORTED)
    assert first.imported
    again = replace(IMPORTED, key="import 2", params={"epochs": 2, "lr": 0.01, "dropout": 0.2})
    assert import_trial(store, again) == replace(first, imported=False)
    assert rows(store, "trials") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 10},
        {"params": {"lr": 0.02}},
        {"weights": b"others"},
        {"dataset": {**DATASET, "fingerprint": "f" * 64}},
        {"epochs": IMPORTED.epochs[:1]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_trial_that_differs_in_one_thing_is_another(store: Store, change: dict[str, Any]) -> None:
    import_trial(store, IMPORTED)
    other = import_trial(store, replace(IMPORTED, key="import 2", **change))
    assert other.imported
    assert rows(store, "trials") == 2


def test_nobody_takes_the_importer_for_a_worker_that_is_alive(store: Store) -> None:
    import_trial(store, IMPORTED)
    assert workers_alive(store, 60) == []


def test_one_that_its_patience_ended_keeps_the_epochs_that_were_asked_for(store: Store) -> None:
    params = {"lr": 0.01, "epochs": 100, "patience": 1}
    trial = import_trial(store, replace(IMPORTED, params=params)).trial
    document = trial_document(store, trial=trial)
    assert document.params == params
    assert (document.trained_epochs, document.ended_by) == (2, "patience")
    again = replace(IMPORTED, key="import 2", params=params)
    assert not import_trial(store, again).imported


def test_its_experiment_gets_its_name_tags_and_note_and_never_the_name_of_another(
    store: Store,
) -> None:
    label = Label("baseline", ("good", "old"), "to see")
    first = import_trial(store, replace(IMPORTED, label=label))
    second = import_trial(store, replace(IMPORTED, key="import 2", seed=10, label=label))
    unnamed, named = queries.experiments(store, 2)
    assert (named.name, named.tags, named.note) == ("baseline", ["good", "old"], "to see")
    assert (unnamed.name, unnamed.tags, unnamed.note) == (None, ["good", "old"], "to see")
    assert (first.name_holder, second.name_holder) == (None, named.id)


def test_params_of_earlier_bundles_get_their_present_names(store: Store) -> None:
    trial = import_trial(store, replace(IMPORTED, params={"augment": True})).trial
    assert queries.trial(store, trial).params == {"augmentation": "paper", "epochs": 2}
