"""Load a trial's network, and with it Keras and TensorFlow.

By name and only here: nothing under `runner` imports Keras, so that the command line never waits
for it. Import-linter checks that, and does not see what is imported by name.
"""

import os
from importlib import import_module
from typing import Any

from cifar_model.data import Description
from cifar_model.params import Params
from runner.environment import SET_BY_US
from runner.needs import require_network
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import Store
from runner.store.networks import read_network


def restored(store: Store, trial: queries.Trial) -> Any:
    """Return a trial's Keras model with the weights that its training ended with."""
    require_network(trial.id, trial.network, "loaded in Python: their files are exported")
    # Another gives other last bits; Keras reads the variable when it is imported.
    os.environ.setdefault("KERAS_BACKEND", trial.backend or "tensorflow")
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"):
        os.environ.setdefault(name, SET_BY_US[name])
    building = import_module("cifar_model.networks.building")
    params = Params.from_json(trial.params, read_network(store, trial.network))
    dataset = Description.from_json(trial.dataset)
    shape, classes = tuple(dataset.shape), len(dataset.classes)
    model = building.restore(params, shape, classes, get_artifact(store, trial.model))
    # Keras warns of an optimizer whose variables are missing when a model is saved.
    model.optimizer.build(model.trainable_variables)
    return model


def predictor(model: Any) -> Any:
    """Return what runs a model on images; see `cifar_model.Predictor`."""
    return import_module("cifar_model.prediction").Predictor(model)


def explain(predictor: Any, image: Any, labels: Any, settings: Any) -> Any:
    """Explain one image; see `cifar_model.explain`."""
    return import_module("cifar_model.explanation.picture").explain(
        predictor, image, labels, settings
    )
