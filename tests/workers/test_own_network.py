"""A network of one's own from the submit to the bundle, trained once for all that follows."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from cifar_model.data import DatasetSpec
from cifar_model.networks.signature import find_network
from runner.bundle.exporting import CODE, MODEL, export_bundle
from runner.bundle.importing import import_bundle
from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.filters import read_conditions
from runner.reports.leaderboard import leaderboard_document
from runner.reports.trial import trial_document
from runner.states import JobState
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import Store, open_store
from runner.store.lifecycle.unused import remove_artifacts
from runner.store.queries.leaderboard import Scope
from runner.store.queries.names import own_parameters
from runner.submit.experiments import Training, new_train, save
from workers import tasks
from workers.attempt import JobFailedError
from workers.context import Context

TINY = """
import keras
from keras import layers

def build(shape, classes, *, width=2, dropout=0.5, name_of_act="relu"):
    x = inputs = keras.Input(shape)
    x = layers.Conv2D(width, 3, strides=4, activation=name_of_act)(inputs)
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(classes)(x))
"""
GIVEN = {"width": 3, "batch_size": 16}


def train(worker: Context, code: str, directory: Path) -> queries.Job:
    (directory / "own.py").write_text(code)
    network = find_network(f"{directory / 'own.py'}:build")
    training = Training(DatasetSpec("digits", 48), epochs=1, threads=1, seed=5, network=network)
    experiment = save(worker.store, new_train(worker.settings, training, GIVEN))
    # What is trained is what was submitted, whatever becomes of the file.
    (directory / "own.py").unlink()
    (job,) = queries.jobs(worker.store, experiment)
    tasks.train.apply(args=(job.id,), throw=True)
    (job,) = queries.jobs(worker.store, experiment)
    return job


def test_it_is_trained_shown_filtered_exported_and_imported(
    worker: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = worker.store
    job = train(worker, TINY, tmp_path)
    assert (job.state, job.trial) == (JobState.SUCCEEDED, 1)
    remove_artifacts(store)
    stored = queries.trial(store, 1)
    # All of its parameters are stored: only the code says what their defaults are.
    own = {"width": 3, "dropout": 0.5, "name_of_act": "relu"}
    assert stored.params == {**GIVEN, **own, "epochs": 1}
    assert stored.network is not None
    assert get_artifact(store, stored.network["code"]).decode() == TINY

    shown = trial_document(store, trial=1)
    assert (shown.network, shown.code) == ("own.py:build", stored.network["code"])
    assert shown.source == report_document(store, job.experiment_id).source == TINY
    assert found(store, "width=3") == found(store, "network=own.py:build") == 1
    # The paper's defaults are not those of another network.
    assert found(store, "width=4") == found(store, "dropout=0.2") == found(store, "filters=32") == 0

    bundle = tmp_path / "bundle"
    monkeypatch.setenv("RUNNER_DATABASE_URL", worker.settings.database_url)
    export_bundle(store, 1, bundle)
    assert (bundle / CODE).read_text() == TINY
    model = keras.saving.load_model(bundle / MODEL)
    assert np.asarray(model(np.zeros((1, 32, 32, 3), np.float32))).shape == (1, 10)

    assert import_bundle(store, bundle).imported is False
    monkeypatch.setenv("RUNNER_ALLOW_CODE", "0")
    elsewhere = open_store(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    with pytest.raises(InputError, match="not run on this machine"):
        import_bundle(elsewhere, bundle)
    monkeypatch.delenv("RUNNER_ALLOW_CODE")
    assert import_bundle(elsewhere, bundle).imported is True
    again = queries.trial(elsewhere, 1)
    assert again.network == stored.network
    assert get_artifact(elsewhere, stored.network["code"]).decode() == TINY
    assert again.model == stored.model
    (bundle / CODE).write_text(TINY + "\n")
    with pytest.raises(InputError, match=r"SHA-256 of network.py"):
        import_bundle(elsewhere, bundle)
    elsewhere.close()


def found(store: Store, condition: str) -> int:
    with store.read() as connection:
        conditions = read_conditions((condition,), own_parameters(connection))
    return leaderboard_document(store, Scope(conditions=conditions), "val_accuracy", 5).count


@pytest.mark.parametrize(
    ("code", "reason", "line"),
    [
        ("def build(shape, classes, width=1):\n    return 1 / 0", "ZeroDivisionError", "1 / 0"),
        ("import nobody_has_it\ndef build(a, b, width=1): pass", "nobody_has_it", "import nobody"),
        ("def build(shape, classes, width=1):\n    return width", "returned int", "correct"),
    ],
)
def test_what_the_function_does_wrong_is_the_failure_of_its_trial(
    worker: Context, tmp_path: Path, code: str, reason: str, line: str
) -> None:
    with pytest.raises(JobFailedError):
        train(worker, code, tmp_path)
    failed = trial_document(worker.store, job=1)
    assert failed.state == JobState.FAILED
    assert reason in str(failed.reason)
    assert line in str(failed.attempt_details[0].error)


def test_a_worker_that_does_not_allow_code_leaves_it_pending(
    worker: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    careful = replace(worker, offer=replace(worker.offer, code=False))
    monkeypatch.setattr("workers.context._current", careful)
    job = train(worker, TINY, tmp_path)
    assert (job.state, job.attempts) == (JobState.PENDING, 0)
