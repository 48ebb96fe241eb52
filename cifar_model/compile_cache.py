"""Keep compiled networks from trial to trial: to trace one takes longer than a short trial."""

import random
from dataclasses import replace
from functools import lru_cache

import keras

from cifar_model.backends.chosen import backend
from cifar_model.networks import building
from cifar_model.networks.initial import FRESH, Start
from cifar_model.params import Params, Training
from cifar_model.prediction import Predictor

# Each holds its traced functions, some tens of megabytes.
KEPT = 4


def compiled(
    params: Params,
    shape: building.Shape,
    classes: int,
    seed: int,
    steps: int = 1,
    start: Start = FRESH,
) -> Predictor:
    """Return a network in the very state of one that is built anew with this seed."""
    if params.network.code is None:
        # The seeds of initial weights are Python's. To seed TensorFlow, too, makes it discard the
        # functions that it has compiled, which takes longer than a short trial.
        random.seed(seed)
    else:
        # A user's function may draw from any generator, and leave the names of layers to Keras,
        # which then do not depend on earlier trials.
        keras.utils.clear_session(free_memory=False)
        backend.seed(seed)
    fresh = building.build(params, shape, classes, steps=steps, freeze=start.freeze)
    start.put_into(fresh)
    fresh.optimizer.build(fresh.trainable_variables)
    constant = params.training.has_constant_lr
    found = _kept(_architecture(params), shape, classes, 1 if constant else steps, start.freeze)
    for variable, value in zip(_variables(found.model), _variables(fresh), strict=True):
        variable.assign(value)
    return found


def _architecture(params: Params) -> Params:
    """Return params of which only that is left that is compiled into a network."""
    plain, training = Training(), params.training
    training = replace(
        training,
        # A variable, where no schedule computes it.
        lr=plain.lr if training.has_constant_lr else training.lr,
        batch_size=plain.batch_size,
        epochs=plain.epochs,
        augmentation=plain.augmentation,
        patience=plain.patience,
    )
    return replace(params, training=training)


def _variables(model: keras.Model) -> list[keras.Variable]:
    # A constant learning rate is among the optimizer's, the seeds of dropout among the model's.
    return [*model.variables, *model.optimizer.variables]


@lru_cache(maxsize=KEPT)
def _kept(
    params: Params, shape: building.Shape, classes: int, steps: int, freeze: str | None
) -> Predictor:
    model = building.build(params, shape, classes, steps=steps, freeze=freeze)
    model.optimizer.build(model.trainable_variables)
    return Predictor(model)
