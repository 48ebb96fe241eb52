"""Images of other sizes and grayscale ones go the whole way: trained, explained, drawn, read."""

from pathlib import Path

import numpy as np
import pytest

import runner
from cifar_model.data import DatasetSpec
from runner.reports.experiment.document import report_document
from runner.reports.experiment.figures import draw
from runner.store import queries
from runner.store.artifacts import get_array
from runner.submit.experiments import Training, new_train, save
from runner.submit.explain import Explaining, new_explain
from workers import tasks
from workers.context import Context

TINY = {"blocks": 1, "filters": 2, "batch_size": 16, "batch_norm_momentum": 0.9}


@pytest.mark.parametrize("shape", [(28, 28), (64, 48, 3)])
def test_a_trial_of_other_images_is_explained_drawn_and_predicts(
    shape: tuple[int, ...], worker: Context, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (60, *shape), dtype=np.uint8)
    images[::2, : shape[0] // 2] //= 4
    path = tmp_path / "images.npz"
    np.savez(path, images=images, labels=np.arange(60) % 2)

    training = Training(DatasetSpec(f"npz:{path}"), epochs=1, threads=1, seed=5)
    trained = save(worker.store, new_train(worker.settings, training, TINY))
    (job,) = queries.jobs(worker.store, trained)
    tasks.train.apply(args=(job.id,), throw=True)
    explaining = Explaining([0, 1], ["predicted"], "small", 60, activations=True)
    experiment = save(worker.store, new_explain(worker.settings, worker.store, 1, explaining, 1))
    (job,) = queries.jobs(worker.store, experiment)
    tasks.explain.apply(args=(job.id,), throw=True)

    document = report_document(worker.store, experiment)
    assert document.dataset.shape == [*shape, 1][:3]
    assert all(10 <= row.superpixels <= 40 for row in document.explanations)
    assert document.explanations[0].picture is not None
    assert get_array(worker.store, document.explanations[0].picture).shape == (*shape, 1)[:3]
    figures = [figure.name for figure in draw(worker.store, document)]
    assert "explanation-image-0" in "".join(figures)
    assert "activations-image-0.png" in figures

    found = runner.open(worker.settings.database_url).trial(1)
    rows = found.predict(images[:3])
    assert rows.shape == (3, 2)
    # A batch of another size rounds the last digits differently.
    assert found.predict(images[0]) == pytest.approx(rows[0], abs=1e-6)
