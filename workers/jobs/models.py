"""Load the stored model of a trial."""

from cifar_model.data import Dataset
from cifar_model.networks.building import restore
from cifar_model.params import Params
from cifar_model.prediction import Predictor
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import Store
from workers.retrying import retry_while_unavailable


def load_model(store: Store, trial_id: int, dataset: Dataset) -> Predictor:
    """Return a trial's network with the weights that its training ended with, ready to predict."""
    trial = retry_while_unavailable(lambda: queries.trial(store, trial_id))
    shape = dataset.train.images.shape[1:]
    params = Params.from_json(trial.params)
    weights = retry_while_unavailable(lambda: get_artifact(store, trial.model))
    return Predictor(restore(params, shape, len(dataset.classes), weights))
