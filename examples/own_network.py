"""A network of your own: runner submit train --network examples/own_network.py:build."""

import keras
from keras import layers

Shape = tuple[int, int, int]


def build(shape: Shape, classes: int, *, width: int = 32, dropout: float = 0.2) -> keras.Model:
    """Return a small convolutional network; its keyword arguments are its parameters."""
    inputs = keras.Input(shape)
    x = layers.Conv2D(width, 3, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(2 * width, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
