"""Explain one trial's predictions: the work of `explain` jobs."""

from cifar_model import determinism
from cifar_model.activations import activations
from cifar_model.explanation.picture import explain
from runner.failpoints import failpoint
from runner.specs import ExplainSpec
from runner.store.engine import Connection
from runner.store.lifecycle.results import write_activations, write_explained
from workers.attempt import Attempt, Write
from workers.jobs.inputs import load_dataset
from workers.jobs.models import load_model


def run_explanation(attempt: Attempt, spec: ExplainSpec) -> Write:
    """Explain the job's images, and look at their activations if that was asked for."""
    determinism.configure(spec.threads)
    dataset = load_dataset(spec.dataset, attempt.context.settings.data_dir)
    predictor = load_model(attempt.context.store, spec.trial, dataset)
    names = spec.labels
    labels = [dataset.classes.index(name) for name in names] if names != ["predicted"] else []
    explained, outputs = {}, {}
    for done, image in enumerate(spec.images, start=1):
        failpoint(f"image_{image}", attempt.key.job_id)
        attempt.check()
        picture = dataset.test.images[image]
        explained[image] = explain(predictor, picture, labels, spec.settings)
        if spec.activations:
            outputs[image] = activations(predictor.model, picture)
        attempt.progress(f"image {done}/{len(spec.images)}")

    def write(connection: Connection) -> None:
        for image in spec.images:
            write_explained(connection, attempt.claim, image, dataset.test, explained[image])
            write_activations(connection, attempt.claim, image, outputs.get(image, []))

    return write
