"""Score one trial on one split: the work of `evaluate` jobs."""

from cifar_model import determinism
from cifar_model.epoch import LOSS_RULE
from cifar_model.evaluation import evaluate, keras_scores
from runner.store import queries
from runner.store.engine import Connection
from runner.store.lifecycle.results import write_evaluation
from workers.attempt import Attempt, Write
from workers.jobs.folds import run_fold
from workers.jobs.inputs import load_dataset
from workers.jobs.models import load_model
from workers.retrying import retry_while_unavailable


def run_evaluation(attempt: Attempt) -> Write:
    """Evaluate the stored model of the job's trial, or its params on one fold.

    To verify a trial, its loss is computed by the rule of its training, so that the numbers can be
    compared to the last bit, and again by Keras's own `evaluate`.
    """
    configuration = attempt.claim.configuration
    if "fold" in configuration:
        return run_fold(attempt)
    determinism.configure(configuration["threads"])
    dataset = load_dataset(configuration["dataset"], attempt.context.settings.data_dir)
    store, trial, classes = attempt.context.store, configuration["trial"], len(dataset.classes)
    predictor = load_model(store, trial, dataset)
    split = getattr(dataset, configuration["split"])
    attempt.check()
    verifies = configuration.get("verify", False)
    rule = (
        retry_while_unavailable(lambda: queries.trial(store, trial)).loss_rule
        if verifies
        else LOSS_RULE
    )
    evaluation = evaluate(predictor, split, classes, rule)
    keras = keras_scores(predictor.model, split, classes) if verifies else None

    def write(connection: Connection) -> None:
        write_evaluation(connection, attempt.claim, evaluation, dataset.classes, keras=keras)

    return write
