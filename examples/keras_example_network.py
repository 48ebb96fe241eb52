"""A small network of separable convolutions with residual blocks, compiled by its own function.

runner submit train --network examples/keras_example_network.py:make_model --param blocks=3
"""

import keras
from keras import layers

Shape = tuple[int, int, int]


def block(filters: int, size: Shape, name: str) -> keras.Model:
    """Return two separable convolutions with a shortcut around them; half as high and wide."""
    inputs = keras.Input(size)
    x = inputs
    for _ in range(2):
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    shortcut = layers.Conv2D(filters, 1, strides=2, padding="same")(inputs)
    return keras.Model(inputs, layers.add([x, shortcut]), name=name)


def make_model(
    shape: Shape,
    classes: int,
    *,
    filters: int = 16,
    blocks: int = 2,
    dropout: float = 0.25,
    lr: float = 0.001,
) -> keras.Model:
    """Return the network, which ends in logits; `lr` is also the parameter of training."""
    inputs = keras.Input(shape)
    x = layers.Conv2D(filters, 3, padding="same")(inputs)
    for number in range(1, blocks + 1):
        x = block(filters * 2**number, x.shape[1:], f"block_{number}")(x)
    x = layers.GlobalAveragePooling2D()(layers.Activation("relu")(x))
    x = layers.Dropout(dropout)(x)
    model = keras.Model(inputs, layers.Dense(classes)(x))
    model.compile(
        optimizer=keras.optimizers.Adam(lr),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model
