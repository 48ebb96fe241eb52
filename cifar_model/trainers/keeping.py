"""Keep the model that a trainer returned beside the files that it saved, and load it again.

There are three forms, of which the first that applies is used: the function `load` of the trainer's
file makes it of the saved files; a Keras model is a .keras file; any other object is pickled.
"""

import pickle
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cifar_model.errors import InputError
from cifar_model.networks.code import load_function
from cifar_model.trainers.prediction import Predicting
from cifar_model.trainers.running import load_model, loads
from cifar_model.trainers.state import KERAS, LOAD, PICKLE

# No file that a trainer saves has a name that begins so.
KEPT = {PICKLE: "_model.pickle", KERAS: "_model.keras"}


def keep(model: object, code: str, files: dict[str, bytes]) -> dict[str, str | bool]:
    """Add a model to the files of a trial; return its `form`, or why it was not kept as `missing`.

    With the form goes whether it is a Keras model, whose gradients and layers can be read. A model
    that cannot be kept does not fail the training, which is over by now.
    """
    if model is None:
        return {"missing": "the trainer returned no model"}
    if not isinstance(model, Predicting):
        return {"missing": f"the trainer returned {type(model).__name__}, which has no predict"}
    is_keras = _is_keras(model)
    if loads(code):
        return {"form": LOAD, "keras": is_keras}
    form = KERAS if is_keras else PICKLE
    try:
        files[KEPT[form]] = _keras_bytes(model) if form == KERAS else pickle.dumps(model)
    except Exception as error:
        words = str(error).strip().splitlines() or [type(error).__name__]
        return {"missing": f"its model cannot be saved as {form}: {words[0]:.200}"}
    return {"form": form, "keras": is_keras}


def load_kept(name: str, code: str, form: str, files: Mapping[str, bytes]) -> Predicting:
    """Return the model of a trial of the trainer NAME; only workers that allow code do this."""
    saved = {file: content for file, content in files.items() if file not in KEPT.values()}
    if form == LOAD:
        return load_model(name, code, saved)
    # The classes of pickled objects, and of layers, are those of the trainer's file.
    load_function(name, code)
    model: Any = _keras_model(files[KEPT[KERAS]]) if form == KERAS else _unpickled(files)
    if isinstance(model, Predicting):
        return model
    raise InputError(
        f"the model of {name} is {type(model).__name__}, which has no predict",
        "an object with predict(images) -> probabilities",
        "correct the trainer",
    )


def _unpickled(files: Mapping[str, bytes]) -> object:
    return pickle.loads(files[KEPT[PICKLE]])  # noqa: S301 (only where code is allowed)


def _is_keras(model: object) -> bool:
    """Return whether an object is a Keras model; Keras is not imported to find out."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(model, keras.Model)


def _keras_bytes(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.keras"
        model.save(path)
        return path.read_bytes()


def _keras_model(content: bytes) -> Any:
    import keras

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.keras"
        path.write_bytes(content)
        return keras.saving.load_model(path, compile=False, safe_mode=False)
