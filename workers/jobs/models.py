"""Load the stored model of a trial."""

from cifar_model.data import Dataset
from cifar_model.networks.building import restore
from cifar_model.prediction import Predictor
from cifar_model.trainers.keeping import load_kept
from cifar_model.trainers.prediction import TrainerPredictor
from cifar_model.trainers.state import unpack_files
from runner.specs import is_trainer
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import Store
from workers.jobs.inputs import read_params
from workers.retrying import retry_while_unavailable


def load_model(store: Store, trial_id: int, dataset: Dataset) -> Predictor | TrainerPredictor:
    """Return a trial's network with the weights that its training ended with, ready to predict.

    Of a trainer it is the model that it returned.
    """
    trial = retry_while_unavailable(lambda: queries.trial(store, trial_id))
    shape = dataset.train.images.shape[1:]
    params = read_params(store, trial.params, trial.network)
    weights = retry_while_unavailable(lambda: get_artifact(store, trial.model))
    if is_trainer(trial.network):
        name, form = params.network.name, (trial.predictor or {})["form"]
        model = load_kept(name, params.network.code or "", form, unpack_files(weights))
        return TrainerPredictor(name, model, shape, len(dataset.classes))
    return Predictor(restore(params, shape, len(dataset.classes), weights))
