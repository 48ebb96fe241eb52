"""Score one trial on one split: the work of `evaluate` jobs."""

from cifar_model import determinism
from cifar_model.evaluation import evaluate, keras_scores
from cifar_model.results import LOSS_RULE
from runner.specs import EvaluateSpec
from runner.store import queries
from runner.store.engine import Connection
from runner.store.lifecycle.results import write_evaluation
from workers.attempt import Attempt, Write
from workers.jobs.inputs import load_dataset
from workers.jobs.models import load_model
from workers.retrying import retry_while_unavailable


def run_evaluation(attempt: Attempt, spec: EvaluateSpec) -> Write:
    """Evaluate the stored model of the job's trial.

    To verify a trial, its loss is computed by the rule of its training, so that the numbers can be
    compared to the last bit, and again by Keras's own `evaluate`.
    """
    determinism.configure(spec.threads)
    dataset = load_dataset(spec.dataset, attempt.context.settings.data_dir)
    store, classes = attempt.context.store, len(dataset.classes)
    predictor = load_model(store, spec.trial, dataset)
    split = getattr(dataset, spec.split)
    attempt.check()
    rule = (
        retry_while_unavailable(lambda: queries.trial(store, spec.trial)).loss_rule
        if spec.verify
        else LOSS_RULE
    )
    evaluation = evaluate(predictor, split, classes, rule)
    keras = keras_scores(predictor.model, split, classes) if spec.verify else None

    def write(connection: Connection) -> None:
        write_evaluation(connection, attempt.claim, evaluation, dataset.classes, keras=keras)

    return write
