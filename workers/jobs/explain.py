"""Explain one trial's predictions: the work of `explain` jobs."""

from cifar_model import determinism
from cifar_model.activations import activations
from cifar_model.explanation.picture import explain
from cifar_model.explanation.settings import Settings
from runner.failpoints import failpoint
from runner.store.engine import Connection
from runner.store.lifecycle.results import write_activations, write_explained
from workers.attempt import Attempt, Write
from workers.jobs.inputs import load_dataset
from workers.jobs.models import load_model


def run_explanation(attempt: Attempt) -> Write:
    """Explain the job's images, and look at their activations if that was asked for."""
    configuration = attempt.claim.configuration
    determinism.configure(configuration["threads"])
    dataset = load_dataset(configuration["dataset"], attempt.context.settings.data_dir)
    predictor = load_model(attempt.context.store, configuration["trial"], dataset)
    images = configuration["images"]
    names = configuration["labels"]
    labels = [dataset.classes.index(name) for name in names] if names != ["predicted"] else []
    settings = Settings(
        segmentation=configuration["segmentation"],
        samples=configuration["samples"],
        seed=attempt.claim.seed,
        method=configuration["method"],
    )
    explained, outputs = {}, {}
    for done, image in enumerate(images, start=1):
        failpoint(f"image_{image}", attempt.key.job_id)
        attempt.check()
        picture = dataset.test.images[image]
        explained[image] = explain(predictor, picture, labels, settings)
        if configuration["activations"]:
            outputs[image] = activations(predictor.model, picture)
        attempt.progress(f"image {done}/{len(images)}")

    def write(connection: Connection) -> None:
        for image in images:
            write_explained(connection, attempt.claim, image, dataset.test, explained[image])
            write_activations(connection, attempt.claim, image, outputs.get(image, []))

    return write
