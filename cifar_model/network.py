"""The paper's network as one builder over params, and its weights as bytes."""

import io
import zipfile

import keras
import numpy as np
from keras import layers

from cifar_model.errors import InputError
from cifar_model.params import Params

Shape = tuple[int, int, int]

# After the convolution blocks: the dense layers of the paper, both with ReLU.
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
    """Return the compiled network; its initial weights come from Keras's global seed."""
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
    """Return the weights as an npz archive; the same weights always give the same bytes."""
    content = io.BytesIO()
    arrays = model.get_weights()
    np.savez(content, **{f"w{number}": array for number, array in enumerate(arrays)})
    return content.getvalue()


def restore(params: Params, shape: Shape, classes: int, weights: bytes) -> keras.Model:
    """Return the network with stored weights; raise InputError if they do not fit it."""
    model = build(params, shape, classes)
    try:
        with np.load(io.BytesIO(weights), allow_pickle=False) as archive:
            model.set_weights([archive[f"w{number}"] for number in range(len(archive.files))])
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"the stored weights do not fit the network: {error}",
            f"the weights of a network with {model.count_params():,} parameters",
            "train the trial again",
        ) from error
    return model
