"""The state of a training between two epochs as bytes: every variable, and the history."""

import io
import json
import zipfile
from dataclasses import asdict

import keras
import numpy as np

from cifar_model.errors import CheckpointError
from cifar_model.results import Epoch


def save(model: keras.Model, history: list[Epoch]) -> bytes:
    """Return the state after the newest epoch of the history.

    The seeds of dropout are no part of it: they are set anew from (seed, epoch).
    """
    content = io.BytesIO()
    arrays = {f"v{number}": variable.numpy() for number, variable in enumerate(_variables(model))}
    words = json.dumps([asdict(epoch) for epoch in history]).encode()
    np.savez(content, history=np.frombuffer(words, np.uint8), **arrays)
    return content.getvalue()


def load(model: keras.Model, content: bytes) -> list[Epoch]:
    """Put a state into a built network and return its history.

    Raises CheckpointError, and changes nothing, if the bytes are damaged or of another network.
    """
    variables = _variables(model)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            history = [Epoch(**row) for row in json.loads(archive["history"].tobytes())]
            arrays = [archive[f"v{number}"] for number in range(len(archive.files) - 1)]
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"the checkpoint is damaged: {error}") from error
    if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
        raise CheckpointError("the checkpoint is of another network")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return history


def _variables(model: keras.Model) -> list[keras.Variable]:
    # An optimizer has its variables only once it is built, and loading would pass over them.
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
