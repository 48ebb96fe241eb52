"""Layers that are not trained, chosen by their names."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

import keras

from cifar_model.errors import InputError, listed


def freeze_layers(model: keras.Model, pattern: str) -> None:
    """Do not train the layers whose names match a pattern such as conv2d_*.

    Batch normalisation keeps its statistics there too. Raises InputError if the pattern matches
    no layer, or leaves nothing to train.
    """
    layers = list(_layers(model))
    names = list(dict.fromkeys(layer.name for layer in layers))
    matching = [layer for layer in layers if fnmatchcase(layer.name, pattern)]
    if not matching:
        raise InputError(
            f"--freeze {pattern}: no layer of the network has such a name",
            f"a name or a pattern such as conv2d_*; the layers are {', '.join(names)}",
            "correct --freeze",
        )
    for layer in matching:
        layer.trainable = False
    if not model.trainable_variables:
        raise InputError(
            f"--freeze {pattern} leaves no weights to train",
            f"a pattern that matches fewer layers than {listed(names)}",
            "correct --freeze",
        )


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield the layers of a model, and those of the models within it."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
