"""The paper's network as one builder over params, and its weights as bytes."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers
from numpy.typing import NDArray

from cifar_model.errors import InputError
from cifar_model.packing import pack, unpack
from cifar_model.params import Params

Shape = tuple[int, int, int]

# The dense layers after the convolutions. The paper tunes the activation of the convolutions and of
# the output only; these two have ReLU always.
DENSE_UNITS = (64, 32)

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "nadam": keras.optimizers.Nadam,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}
LOSSES = {
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "logcosh": keras.losses.LogCosh,
}


def build(params: Params, shape: Shape, classes: int) -> keras.Model:
    """Return the compiled network; its initial weights come from Keras's global seed.

    Raises InputError if the pictures are too small for the number of blocks.
    """
    halved = 2**params.blocks
    if min(shape[:2]) < halved:
        raise InputError(
            f"{params.blocks} blocks do not fit pictures of {shape[1]}x{shape[0]}",
            f"at least {halved}x{halved}, because every block halves them",
            "lower blocks",
        )
    model = keras.Sequential([keras.Input(shape), *_layers(params, classes)])
    model.compile(
        optimizer=OPTIMIZERS[params.optimizer](learning_rate=params.lr),
        loss=LOSSES[params.losses](),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        # On the CPU XLA is three to four times slower.
        jit_compile=False,
    )
    return model


def _layers(params: Params, classes: int) -> list[keras.Layer]:
    """Return the layers, named in the order of their kind as in the paper's list."""
    found: list[keras.Layer] = []
    for block, rate in enumerate(params.dropout_rates(), start=1):
        for convolution in (2 * block - 1, 2 * block):
            found.append(
                layers.Conv2D(
                    params.filters * 2 ** (block - 1),
                    3,
                    padding="same",
                    activation=params.activation,
                    name=f"conv2d_{convolution}",
                )
            )
            found.append(
                layers.BatchNormalization(
                    momentum=params.batch_norm_momentum, name=f"batch_normalization_{convolution}"
                )
            )
        found.append(layers.MaxPooling2D(2, name=f"max_pooling2d_{block}"))
        found.append(layers.Dropout(rate, name=f"dropout_{block}"))
    found.append(layers.Flatten(name="flatten_1"))
    for number, units in enumerate(DENSE_UNITS, start=1):
        found.append(layers.Dense(units, activation="relu", name=f"dense_{number}"))
        rate = params.dense_dropout_rate()
        found.append(layers.Dropout(rate, name=f"dropout_{params.blocks + number}"))
    found.append(
        layers.Dense(
            classes, activation=params.last_activation, name=f"dense_{len(DENSE_UNITS) + 1}"
        )
    )
    return found


def weights_bytes(model: keras.Model) -> bytes:
    """Return the weights; the same ones always give the same bytes, so their hash names them."""
    return pack(_names(model), model.get_weights())


def restore(params: Params, shape: Shape, classes: int, weights: bytes) -> keras.Model:
    """Return the network with stored weights; raise InputError if they do not fit it."""
    model = build(params, shape, classes)
    try:
        names, arrays = unpack(weights)
        if names != _names(model):
            raise ValueError("they are of other layers")
        assign(model.weights, arrays)
    except ValueError as error:
        raise InputError(
            f"the stored weights cannot be used: {error}",
            f"those of a network with {model.count_params():,} parameters",
            "train the trial again",
        ) from error
    return model


def assign(variables: Sequence[keras.Variable], arrays: Sequence[NDArray[Any]]) -> None:
    """Give variables their values; raise ValueError, and change nothing, if these do not fit."""
    found = [(array.shape, array.dtype.name) for array in arrays]
    if found != [(tuple(variable.shape), variable.dtype) for variable in variables]:
        raise ValueError("they have other shapes")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _names(model: keras.Model) -> list[str]:
    return [f"{layer.name}/{weight.name}" for layer in model.layers for weight in layer.weights]
