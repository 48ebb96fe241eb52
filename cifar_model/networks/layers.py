"""What the layers of a network put out, also of those in models that are layers themselves."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras

from cifar_model.errors import InputError

# Of a symbolic tensor of Keras.
Tensor = Any


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A network as one graph, and each of its layers with what it puts out."""

    model: keras.Model
    layers: tuple[tuple[keras.Layer, Tensor], ...]

    def last_maps(self) -> tuple[keras.Layer, Tensor]:
        """Return the last convolution, or what normalises and activates its maps, and its output.

        Raises InputError if there is no convolution.
        """
        places = [place for place, each in enumerate(self.layers) if is_convolution(each[0])]
        if not places:
            raise InputError(
                "Grad-CAM needs a convolution, and this network has none",
                "a network with a Conv2D, DepthwiseConv2D or SeparableConv2D layer",
                "choose another method: lime, occlusion or integrated_gradients",
            )
        found = self.layers[places[-1]]
        for each in self.layers[places[-1] + 1 :]:
            once = sum(layer is each[0] for layer, _ in self.layers) == 1
            if once and isinstance(each[0], POINTWISE) and _reads(each[1], found[1]):
                found = each
        return found


# What normalises or activates each place of a map by itself.
POINTWISE = (
    keras.layers.BatchNormalization,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
)


def _reads(output: Tensor, given: Tensor) -> bool:
    """Tell whether a tensor is what a layer makes of another."""
    history = output._keras_history  # noqa: SLF001
    node = history.operation._inbound_nodes[history.node_index]  # noqa: SLF001
    return any(tensor is given for tensor in node.input_tensors)


def is_convolution(layer: keras.Layer) -> bool:
    """Tell whether a layer gives maps in which places are those of the image."""
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
    return isinstance(layer, kinds)


@lru_cache(maxsize=1)
def unrolled(model: keras.Model) -> Unrolled:
    """Return a network's layers in the order in which they are called."""
    if all(not _is_graph(layer) and len(layer._inbound_nodes) == 1 for layer in model.layers):  # noqa: SLF001
        own = [each for each in model.layers if not isinstance(each, keras.layers.InputLayer)]
        layers = tuple((layer, layer.output) for layer in own)
        return Unrolled(model, layers)
    inputs = keras.Input(model.input_shape[1:])
    found: list[tuple[keras.Layer, Tensor]] = []

    def call(operation: Any, *args: Any, **kwargs: Any) -> Tensor:
        if _is_graph(operation):
            return through(operation, *args)
        outputs = operation(*args, **kwargs)
        if isinstance(operation, keras.Layer):
            found.extend((operation, tensor) for tensor in keras.tree.flatten(outputs))
        return outputs

    def through(graph: keras.Model, tensor: Tensor) -> Tensor:
        if not isinstance(graph, keras.Sequential):
            # What Keras itself does in `clone_model`, with the layers that there are.
            return graph._run_through_graph(tensor, call_fn=call)  # noqa: SLF001
        for layer in graph.layers:
            tensor = call(layer, tensor)
        return tensor

    outputs = through(model, inputs)
    return Unrolled(keras.Model(inputs, outputs), tuple(found))


def _is_graph(layer: object) -> bool:
    """Tell whether a layer is a model whose layers can be seen."""
    is_functional = isinstance(layer, keras.Model) and hasattr(layer, "_run_through_graph")
    return is_functional or isinstance(layer, keras.Sequential)
