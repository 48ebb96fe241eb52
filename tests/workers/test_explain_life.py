"""Earlier epochs of a trial are trained again, explained and compared with the last."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cifar_model.data import DatasetSpec, load
from cifar_model.explanation.picture import explain
from cifar_model.explanation.settings import Settings
from cifar_model.networks.building import restore
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from cifar_model.training import train
from runner.reports.experiment.document import report_document
from runner.reports.experiment.view import brief_parts
from runner.reports.explanation.difference import difference_document
from runner.reports.formats.terminal import as_terminal
from runner.states import JobState
from runner.store import queries
from runner.store.queries import reports
from runner.store.queries.explanations import Wanted, masks
from runner.submit.experiments import Training, new_train, save
from runner.submit.explain import Explaining, new_explain
from tests.runner.store.making import run
from workers import tasks
from workers.attempt import JobFailedError
from workers.context import Context

# The rate of the second epoch depends on how many there are: it is not trained as a last one.
TINY: dict[str, Any] = {
    "blocks": 1,
    "filters": 2,
    "batch_size": 16,
    "batch_norm_momentum": 0.9,
    "lr": 0.01,
}
TINY |= {"schedule": "cosine"}
DATA, EPOCHS, IMAGES = DatasetSpec("digits", train_size=64), 3, [0, 1]


def submitted(worker: Context, new: Any) -> list[int]:
    return [job.id for job in queries.jobs(worker.store, save(worker.store, new))]


def life_of(worker: Context) -> list[int]:
    """Train a trial and submit explanations of its epochs 1, 2 and 3; return their jobs."""
    training = Training(DATA, epochs=EPOCHS, threads=1, seed=5)
    (job,) = submitted(worker, new_train(worker.settings, training, TINY))
    tasks.train.apply(args=(job,), throw=True)
    explaining = Explaining(
        IMAGES, ["predicted"], "small", 60, activations=False, epochs_of_life=[1, 2, 3]
    )
    return submitted(worker, new_explain(worker.settings, worker.store, 1, explaining, seed=1))


def test_an_earlier_epoch_is_explained_with_the_weights_that_it_had(worker: Context) -> None:
    jobs = life_of(worker)
    assert len(jobs) == 3
    for job in jobs:
        tasks.explain.apply(args=(job,), throw=True)

    dataset, params = load(DATA, Path()), Params.from_json(TINY | {"epochs": EPOCHS})
    shape, classes = dataset.train.images.shape[1:], len(dataset.classes)
    weights = [train(params, dataset, 5, until=epoch).weights for epoch in (1, 2, 3)]
    first, second, last = (Predictor(restore(params, shape, classes, each)) for each in weights)
    with worker.store.read() as connection:
        stored = [reports.earlier_explanations(connection, 2, epoch) for epoch in (1, 2)]
    label = int(last.probabilities(dataset.test.scaled(slice(0, 1)))[0].argmax())
    for predictor, rows in zip((first, second), stored, strict=True):
        found = explain(predictor, dataset.test.images[0], [label], Settings("small", 60, 1))
        assert rows[0].label == label
        assert np.frombuffer(rows[0].weights).tolist() == found.explanations[0].weights

    document = report_document(worker.store, 2)
    assert document.life is not None
    assert [row.epoch for row in document.life] == [1, 2, 3]
    curve = [epoch.val_accuracy for epoch in document.trials[0].epochs]
    assert [row.val_accuracy for row in document.life] == curve
    assert [row.explanations for row in document.life] == [2, 2, 2]
    assert document.life[-1].shared_weight is None
    assert "Explanations by epoch" in as_terminal("title", brief_parts(document), Path())

    # Everything else is about the trial as it ended.
    assert len(document.explanations) == 2
    assert difference_document(worker.store, (2, 2)).pictures == 2
    with worker.store.read() as connection:
        wanted = Wanted(2, None, None, None, {})
        assert len(masks(connection, wanted, {2: document.dataset.classes})) <= 2


def test_an_epoch_that_comes_out_otherwise_is_not_explained(worker: Context) -> None:
    _, job, _ = life_of(worker)
    run(worker.store, "UPDATE epochs SET loss = loss + 0.5 WHERE epoch = 1")
    with pytest.raises(JobFailedError, match="epoch 1 of trial 1, trained again, has loss"):
        tasks.explain.apply(args=(job,), throw=True)
    assert queries.jobs(worker.store, 2)[1].state == JobState.FAILED
