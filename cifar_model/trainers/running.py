"""Run a trainer to its end, and load the model that it leaves."""

import ast
from collections.abc import Mapping
from typing import Any

from cifar_model.errors import InputError
from cifar_model.networks.code import load_function
from cifar_model.trainers.context import Context
from cifar_model.trainers.prediction import Predicting
from cifar_model.trainers.state import LOAD


def run(name: str, code: str, params: Mapping[str, Any], context: Context) -> object:
    """Call the trainer NAME, FILE.py:function, and return what it returned.

    Whatever the trainer raises comes out. Raises InputError if it reported no epoch.
    """
    returned: object = load_function(name, code)(dict(params), context)
    context.end()
    if not context.epochs:
        raise InputError(
            f"the trainer {name} ended without an epoch",
            "context.report(epoch, metrics) after each epoch",
            "correct the trainer",
        )
    return returned


def loads(code: str) -> bool:
    """Tell whether a trainer's file defines `load`, without running it."""
    return any(
        isinstance(found, ast.FunctionDef) and found.name == LOAD for found in ast.parse(code).body
    )


def load_model(name: str, code: str, files: Mapping[str, bytes]) -> Predicting:
    """Return what the function `load` beside a trainer makes of the files that it saved."""
    file = name.rpartition(":")[0]
    loaded = load_function(f"{file}:{LOAD}", code)(dict(files))
    if not isinstance(loaded, Predicting):
        raise InputError(
            f"{LOAD} in {file} returned {type(loaded).__name__}",
            "an object with predict(images) -> probabilities",
            "correct the function",
        )
    return loaded
