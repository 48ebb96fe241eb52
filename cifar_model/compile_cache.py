"""Keep compiled networks from trial to trial: to trace one takes longer than a short trial."""

from dataclasses import replace
from functools import lru_cache

import keras
import tensorflow as tf

from cifar_model import network
from cifar_model.params import Params
from cifar_model.prediction import Predictor

# Each holds its traced functions, some tens of megabytes.
KEPT = 4


class Compiled:
    """A network with its compiled training step and forward pass."""

    def __init__(self, params: Params, shape: network.Shape, classes: int) -> None:
        self.model = network.build(params, shape, classes)
        self.model.optimizer.build(self.model.trainable_variables)
        self.predictor = Predictor(self.model)
        self.step = tf.function(
            lambda images, labels: self.model.train_step((images, labels)),
            input_signature=[
                tf.TensorSpec((None, *shape), tf.float32),
                tf.TensorSpec((None, classes), tf.float32),
            ],
            autograph=False,
            jit_compile=False,
        )


def compiled(params: Params, shape: network.Shape, classes: int, seed: int) -> Compiled:
    """Return a network in the very state of one that is built anew with this seed."""
    keras.utils.set_random_seed(seed)
    fresh = network.build(params, shape, classes)
    fresh.optimizer.build(fresh.trainable_variables)
    found = _kept(_architecture(params), shape, classes)
    for variable, value in zip(_variables(found.model), _variables(fresh), strict=True):
        variable.assign(value)
    return found


def _architecture(params: Params) -> Params:
    """Return params of which only that is left that is compiled into a network."""
    plain = Params()
    return replace(
        params, lr=plain.lr, batch_size=plain.batch_size, epochs=plain.epochs, augment=plain.augment
    )


def _variables(model: keras.Model) -> list[keras.Variable]:
    # The learning rate is among the optimizer's, the seeds of dropout among the model's.
    return [*model.variables, *model.optimizer.variables]


@lru_cache(maxsize=KEPT)
def _kept(params: Params, shape: network.Shape, classes: int) -> Compiled:
    return Compiled(params, shape, classes)
