"""Load the stored model of a trial."""

from typing import Any

from runner.store.artifacts import get_artifact
from runner.store.engine import Store

from cifar_model import network
from cifar_model.data import Dataset
from cifar_model.params import Params
from runner.store import queries


def load_model(store: Store, trial_id: int, dataset: Dataset) -> Any:
    """Return the compiled Keras model of a trial, with the weights that its training ended with."""
    trial = queries.trial(store, trial_id)
    shape = dataset.train.images.shape[1:]
    params = Params.from_json(trial.params)
    return network.restore(params, shape, len(dataset.classes), get_artifact(store, trial.model))
