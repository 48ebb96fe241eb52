"""Keep compiled networks from trial to trial: to trace one takes longer than a short trial."""

from dataclasses import replace
from functools import lru_cache

import keras

from cifar_model.networks import building
from cifar_model.params import Params, Training
from cifar_model.prediction import Predictor

# Each holds its traced functions, some tens of megabytes.
KEPT = 4


def compiled(params: Params, shape: building.Shape, classes: int, seed: int) -> Predictor:
    """Return a network in the very state of one that is built anew with this seed."""
    keras.utils.set_random_seed(seed)
    fresh = building.build(params, shape, classes)
    fresh.optimizer.build(fresh.trainable_variables)
    found = _kept(_architecture(params), shape, classes)
    for variable, value in zip(_variables(found.model), _variables(fresh), strict=True):
        variable.assign(value)
    return found


def _architecture(params: Params) -> Params:
    """Return params of which only that is left that is compiled into a network."""
    plain = Training()
    training = replace(
        params.training,
        lr=plain.lr,
        batch_size=plain.batch_size,
        epochs=plain.epochs,
        augment=plain.augment,
    )
    return replace(params, training=training)


def _variables(model: keras.Model) -> list[keras.Variable]:
    # The learning rate is among the optimizer's, the seeds of dropout among the model's.
    return [*model.variables, *model.optimizer.variables]


@lru_cache(maxsize=KEPT)
def _kept(params: Params, shape: building.Shape, classes: int) -> Predictor:
    model = building.build(params, shape, classes)
    model.optimizer.build(model.trainable_variables)
    return Predictor(model)
