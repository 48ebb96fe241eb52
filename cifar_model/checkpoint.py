"""The state of a training between two epochs as bytes: every variable, and the history."""

from dataclasses import asdict
from typing import Any

import keras

from cifar_model.epoch import Epoch
from cifar_model.errors import CheckpointError
from cifar_model.network import assign
from cifar_model.packing import pack, unpack

Json = Any


def save(model: keras.Model, history: list[Epoch], origin: Json) -> bytes:
    """Return the state after the newest epoch of the history.

    `origin` is plain JSON that says which training this is. The seeds of dropout are no part of
    the state: they are set anew from (seed, epoch).
    """
    head = {"origin": origin, "history": [asdict(epoch) for epoch in history]}
    return pack(head, [variable.numpy() for variable in _variables(model)])


def load(model: keras.Model, content: bytes, origin: Json) -> list[Epoch]:
    """Put a state into a built network and return its history.

    Raises CheckpointError, and changes nothing, if the bytes are damaged or of another training.
    """
    try:
        head, arrays = unpack(content)
        if head["origin"] != origin:
            raise ValueError(f"it is of {head['origin']}, not of {origin}")
        assign(_variables(model), arrays)
    except ValueError as error:
        raise CheckpointError(f"the checkpoint cannot be used: {error}") from error
    return [Epoch(**row) for row in head["history"]]


def _variables(model: keras.Model) -> list[keras.Variable]:
    # An optimizer has its variables only once it is built, and loading would pass over them.
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
