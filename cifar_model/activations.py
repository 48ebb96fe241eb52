"""What every layer of a network puts out for one image."""

import keras
import numpy as np
from numpy.typing import NDArray

from cifar_model.networks.layers import unrolled
from cifar_model.results import LayerOutput


def activations(model: keras.Model, image: NDArray[np.uint8]) -> list[LayerOutput]:
    """Return the outputs of all layers for an image (height, width, channels), in one pass."""
    network = unrolled(model)
    # A number for the whole image, such as a layer's loss, has no channels.
    layers = [(layer.name, tensor) for layer, tensor in network.layers if len(tensor.shape) > 1]
    every_layer = keras.Model(network.model.inputs[0], [tensor for _, tensor in layers])
    outputs = every_layer(np.divide(image[None], 255, dtype=np.float32), training=False)
    found = [np.asarray(output, np.float32)[0] for output in outputs]
    return [
        LayerOutput(number, name, output, summary(output))
        for number, ((name, _), output) in enumerate(zip(layers, found, strict=True), start=1)
    ]


def summary(output: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean, the standard deviation and the share of zeros of every channel.

    A unit of a layer without places is a channel of one place.
    """
    places = output.reshape(-1, output.shape[-1])
    rows = (places.mean(axis=0), places.std(axis=0), (places == 0).mean(axis=0))
    return np.array(rows, np.float32)
