"""What every layer of a network puts out for one picture."""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """The output of one layer, numbered from 1 after the input, for one picture."""

    layer: int
    name: str
    output: NDArray[np.float32]


def activations(model: keras.Model, image: NDArray[np.uint8]) -> list[LayerOutput]:
    """Return the outputs of all layers for a picture (height, width, 3), in one pass."""
    every_layer = keras.Model(model.inputs[0], [layer.output for layer in model.layers])
    outputs = every_layer(np.divide(image[None], 255, dtype=np.float32), training=False)
    return [
        LayerOutput(number, layer.name, np.asarray(output)[0])
        for number, (layer, output) in enumerate(zip(model.layers, outputs, strict=True), start=1)
    ]
