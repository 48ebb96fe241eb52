"""The paper's network."""

import keras
from keras import layers

from cifar_model.networks.network import dense_dropout_rate, dropout_rates

# After the convolution blocks: the dense layers of the paper, both with ReLU.
DENSE_UNITS = (64, 32)


def build(
    shape: tuple[int, int, int],
    classes: int,
    *,
    dropout: float = 0.2,
    activation: str = "relu",
    last_activation: str = "softmax",
    batch_norm_momentum: float = 0.99,
    blocks: int = 3,
    filters: int = 32,
) -> keras.Model:
    """Return the network; its layers are named in the order of their kind as in the paper's list.

    Each block has two convolutions with twice the filters of the block before.
    """
    found = [keras.Input(shape)]
    for block, rate in enumerate(dropout_rates(dropout, blocks), start=1):
        for convolution in (2 * block - 1, 2 * block):
            found.append(
                layers.Conv2D(
                    filters * 2 ** (block - 1),
                    3,
                    padding="same",
                    activation=activation,
                    name=f"conv2d_{convolution}",
                )
            )
            found.append(
                layers.BatchNormalization(
                    momentum=batch_norm_momentum, name=f"batch_normalization_{convolution}"
                )
            )
        found.append(layers.MaxPooling2D(2, name=f"max_pooling2d_{block}"))
        found.append(layers.Dropout(rate, name=f"dropout_{block}"))
    found.append(layers.Flatten(name="flatten_1"))
    for number, units in enumerate(DENSE_UNITS, start=1):
        found.append(layers.Dense(units, activation="relu", name=f"dense_{number}"))
        found.append(layers.Dropout(dense_dropout_rate(dropout), name=f"dropout_{blocks + number}"))
    last = f"dense_{len(DENSE_UNITS) + 1}"
    found.append(layers.Dense(classes, activation=last_activation, name=last))
    return keras.Sequential(found)
