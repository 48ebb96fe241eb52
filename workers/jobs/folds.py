"""Train a trial's params again without one fold and score them on it: a job of k-fold."""

from sklearn.metrics import f1_score

from cifar_model import determinism
from cifar_model.data.folds import fold_of
from cifar_model.evaluation import evaluate
from cifar_model.networks.building import restore
from cifar_model.prediction import Predictor
from runner.specs import FoldSpec
from runner.store.engine import Connection
from runner.store.lifecycle.results import FoldScore, write_evaluation
from workers.attempt import Attempt, Write
from workers.jobs.inputs import load_dataset, read_params
from workers.jobs.models import load_model
from workers.jobs.train import read_start, train_params


def run_fold(attempt: Attempt, spec: FoldSpec) -> Write:
    """Train the job's fold to its end, resuming if it can, and score both models on it.

    The trial's own model has seen most of these images: its score is what Talos calls one of a
    fold, and is stored under that name.
    """
    determinism.configure(spec.threads)
    params = read_params(attempt.context.store, spec.params, spec.network)
    whole = load_dataset(spec.dataset, attempt.context.settings.data_dir)
    dataset = fold_of(whole, spec.fold, spec.folds)
    classes = len(dataset.classes)
    start = read_start(attempt, spec.start)
    trained = train_params(attempt, params, dataset, spec.seed, start)
    shape = dataset.train.images.shape[1:]
    refitted = Predictor(restore(params, shape, classes, trained.weights))
    evaluation = evaluate(refitted, dataset.validation, classes)
    own = load_model(attempt.context.store, spec.trial, dataset)
    seen = evaluate(own, dataset.validation, classes)
    f1 = f1_score(seen.labels, seen.predictions, average="macro", zero_division=0)

    def write(connection: Connection) -> None:
        fold = FoldScore(spec.fold, float(f1))
        write_evaluation(connection, attempt.claim, evaluation, dataset.classes, fold)

    return write
