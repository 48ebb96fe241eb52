"""Score one trial on one split: the work of `evaluate` jobs."""

from cifar_model import determinism
from cifar_model.evaluation import evaluate
from runner.store.engine import Connection
from runner.store.results import write_evaluation
from workers.attempt import Attempt, Write
from workers.datasets import load_dataset
from workers.folds import run_fold
from workers.models import load_model


def run_evaluation(attempt: Attempt) -> Write:
    """Evaluate the stored model of the job's trial, or its params on one fold."""
    configuration = attempt.claim.configuration
    if "fold" in configuration:
        return run_fold(attempt)
    determinism.configure(configuration["threads"])
    dataset = load_dataset(configuration["dataset"], attempt.context.settings.data_dir)
    predictor = load_model(attempt.context.store, configuration["trial"], dataset)
    split = configuration["split"]
    attempt.check()
    evaluation = evaluate(predictor, getattr(dataset, split), len(dataset.classes))

    def write(connection: Connection) -> None:
        write_evaluation(connection, attempt.claim, evaluation, dataset.classes)

    return write
