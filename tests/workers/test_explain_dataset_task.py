"""An explain job of another data set is about that one's images, and its report says so."""

from pathlib import Path

import numpy as np

from cifar_model.data import DatasetSpec, load, shortcut
from runner.reports.experiment.document import report_document
from runner.reports.experiment.view import report_parts
from runner.reports.formats.terminal import as_terminal
from runner.store import queries
from runner.store.artifacts import get_array
from runner.submit.experiments import Training, new_train, save
from runner.submit.explain import Explaining, new_explain
from workers import tasks
from workers.context import Context

TINY = {"blocks": 1, "filters": 2, "batch_size": 16, "batch_norm_momentum": 0.9}


def test_a_trial_is_explained_on_pictures_of_another_data_set(worker: Context) -> None:
    training = Training(DatasetSpec("shapes", train_size=48), epochs=1, threads=1, seed=5)
    trained = save(worker.store, new_train(worker.settings, training, TINY))
    (job,) = queries.jobs(worker.store, trained)
    tasks.train.apply(args=(job.id,), throw=True)

    test = load(DatasetSpec("shortcut"), Path()).test
    image = int(np.flatnonzero(test.labels == 4)[0])
    other = DatasetSpec("shortcut")
    explaining = Explaining([image], ["predicted"], "small", 60, activations=False, dataset=other)
    experiment = save(
        worker.store, new_explain(worker.settings, worker.store, 1, explaining, seed=1)
    )
    (job,) = queries.jobs(worker.store, experiment)
    tasks.explain.apply(args=(job.id,), throw=True)

    document = report_document(worker.store, experiment)
    (row,) = document.explanations
    assert row.true_class == shortcut.SPOILED
    assert row.picture is not None
    assert np.array_equal(get_array(worker.store, row.picture), test.images[image])
    assert document.dataset.name == "shortcut"
    assert document.trained_on.name == "shapes"
    text = as_terminal("title", report_parts(document, []), Path())
    assert "data: shortcut (built in), fingerprint" in text
    assert "trained on another data set: shapes (built in), fingerprint" in text
    # The trial's own interval is of the validation split that it was scored on.
    assert document.trials[0].val_accuracy_interval is not None
