"""Build the network of params, compiled for training; its weights as bytes."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from cifar_model.errors import InputError
from cifar_model.networks import paper, resnet
from cifar_model.networks.code import load_function
from cifar_model.networks.compiling import compile_for
from cifar_model.networks.freezing import freeze_layers
from cifar_model.networks.network import Network
from cifar_model.networks.precision import computing_in, give_float32
from cifar_model.params import Params

Shape = tuple[int, int, int]

FUNCTIONS: dict[str, Callable[..., keras.Model]] = {"paper": paper.build, "resnet": resnet.build}


def build(
    params: Params, shape: Shape, classes: int, *, steps: int = 1, freeze: str | None = None
) -> keras.Model:
    """Return the network, compiled for so many steps; it starts from Keras's global seed.

    Layers whose names match `freeze` are not trained.
    """
    model = _model(params, shape, classes)
    if freeze is not None:
        freeze_layers(model, freeze)
    compile_for(model, params, steps)
    return model


def count_weights(params: Params, shape: Shape, classes: int) -> int:
    """Return how many weights the network has, without the memory that they take.

    A function that gives a variable its value, not an initializer, raises ValueError.
    """
    with keras.StatelessScope(initialize_variables=False):
        return int(_model(params, shape, classes).count_params())


def _model(params: Params, shape: Shape, classes: int) -> keras.Model:
    network = params.network
    if network.trainer:
        raise InputError(
            f"{network.name} is a trainer, which makes its own model",
            "a trial of a network of Keras",
            "use what the trainer saved",
        )
    params.check_shape(shape)
    with computing_in(params.training.precision):
        model = _function(network)(shape, classes, **dict(params.architecture))
    _check_model(network, model, shape, classes)
    give_float32(model)
    return model


def _function(network: Network) -> Callable[..., Any]:
    if network.code is None:
        return FUNCTIONS[network.name]
    return load_function(network.name, network.code)


def _check_model(network: Network, model: Any, shape: Shape, classes: int) -> None:
    """Raise InputError if what a function returned cannot be trained on these images."""
    expected = f"a keras.Model from images {shape} to {classes} classes, with weights to train"
    if not isinstance(model, keras.Model):
        found = f"returned {type(model).__name__}"
    elif not model.inputs or len(model.inputs) != 1 or model.input_shape[1:] != shape:
        found = f"returned a model with the input {model.input_shape}"
    elif len(model.outputs) != 1 or model.output_shape != (None, classes):
        found = f"returned a model with the output {model.output_shape}"
    elif not model.trainable_variables:
        found = "returned a model without weights"
    else:
        return
    raise InputError(f"the network {network.name} {found}", expected, "correct the function")


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
