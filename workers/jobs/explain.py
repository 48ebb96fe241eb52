"""Explain one trial's predictions: the work of `explain` jobs."""

import numpy as np
from numpy.typing import NDArray

from cifar_model import determinism
from cifar_model.activations import activations
from cifar_model.explanation.held_out import held_out
from cifar_model.explanation.picture import explain
from cifar_model.explanation.randomisation import randomise
from cifar_model.prediction import AnyPredictor, Predictor
from cifar_model.results import Randomisation
from runner.failpoints import failpoint
from runner.specs import ExplainSpec
from runner.store.engine import Connection
from runner.store.lifecycle.results import (
    write_activations,
    write_explained,
    write_randomisation,
)
from runner.store.queries.explanations import randomisation_of
from workers.attempt import Attempt, Write
from workers.jobs.earlier import earlier_model
from workers.jobs.inputs import load_dataset
from workers.jobs.models import load_model
from workers.retrying import retry_while_unavailable


def run_explanation(attempt: Attempt, spec: ExplainSpec) -> Write:
    """Explain the job's images, and look at their activations if that was asked for.

    The network of an earlier epoch is asked about the class that the trial's own predicts, so that
    the explanations of all epochs are of the same class.
    """
    determinism.configure(spec.threads)
    dataset = load_dataset(spec.dataset, attempt.context.settings.data_dir)
    predictor = own = load_model(attempt.context.store, spec.trial, dataset)
    if spec.earlier is not None:
        predictor = earlier_model(attempt, spec.trial, spec.earlier)
    names = spec.labels
    labels = [dataset.classes.index(name) for name in names] if names != ["predicted"] else []
    stored, made = _randomisation(attempt, spec, predictor, dataset.test.images)
    randomisation, known = stored or made, held_out(predictor, dataset.test)
    explained, outputs = {}, {}
    for done, image in enumerate(spec.images, start=1):
        failpoint(f"image_{image}", attempt.key.job_id)
        attempt.check()
        picture = dataset.test.images[image]
        asked = labels
        if spec.earlier is not None and not labels:
            asked = [_predicted(own, picture)]
        explained[image] = explain(
            predictor, picture, asked, spec.settings, randomisation, known.without(image)
        )
        if spec.activations and spec.earlier is None:
            outputs[image] = activations(predictor.model, picture)
        attempt.progress(f"image {done}/{len(spec.images)}")

    def write(connection: Connection) -> None:
        if made is not None:
            write_randomisation(connection, attempt.claim, made)
        for image in spec.images:
            write_explained(connection, attempt.claim, image, dataset.test, explained[image])
            write_activations(connection, attempt.claim, image, outputs.get(image, []))

    return write


def _randomisation(
    attempt: Attempt, spec: ExplainSpec, predictor: AnyPredictor, images: NDArray[np.uint8]
) -> tuple[Randomisation | None, Randomisation | None]:
    """Return the stored randomisation of the trial and the method, or else a new one.

    There is none of an earlier epoch, or of the model of a trainer.
    """
    if spec.earlier is not None or not isinstance(predictor, Predictor):
        return None, None
    store = attempt.context.store
    found = retry_while_unavailable(lambda: randomisation_of(store, spec))
    if found is not None:
        return found, None

    def on_image(number: int) -> None:
        attempt.check()
        attempt.progress(f"explaining untrained networks: image {number + 1}")

    return None, randomise(predictor.model, images, spec.settings, on_image)


def _predicted(predictor: AnyPredictor, image: NDArray[np.uint8]) -> int:
    """Return the class that a network predicts."""
    scaled = np.divide(image, 255, dtype=np.float32)
    return int(predictor.probabilities(scaled[None])[0].argmax())
