"""What a training starts from: weights that were trained before, and layers that keep theirs."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cifar_model.errors import InputError, listed


@dataclass(frozen=True, slots=True)
class Start:
    """Weights by their path in a network, as `weights_by_path` has them; layers not to train.

    `told` is called with how many of how many weights were taken, in words.
    """

    weights: bytes | None = None
    freeze: str | None = None
    told: Callable[[str], None] = lambda _: None

    def put_into(self, model: keras.Model) -> None:
        """Take the weights whose path and shape the model has; raise InputError if none."""
        if self.weights is None:
            return
        given = _read(self.weights)
        own = _by_path(model)
        taken = [
            path
            for path, variable in own.items()
            if path in given and given[path].shape == tuple(variable.shape)
        ]
        if not taken:
            raise InputError(
                "--init: none of its weights has the path and the shape of one of the network's",
                f"weights such as {listed(_named(own))}",
                f"choose another --init: this one has {listed(_named(given))}",
            )
        for path in taken:
            own[path].assign(given[path])
        self.told(f"{len(taken)} of {len(own)} weights are those of --init")


FRESH = Start()


def weights_by_path(model: keras.Model) -> bytes:
    """Return the weights as an npz archive with a name for each: its path in the network."""
    content = io.BytesIO()
    arrays = {
        path: keras.ops.convert_to_numpy(variable) for path, variable in _by_path(model).items()
    }
    np.savez(content, **arrays)
    return content.getvalue()


def _by_path(model: keras.Model) -> dict[str, keras.Variable]:
    """Return the weights by path, without the name of the model: Keras numbers models."""
    return {variable.path.removeprefix(f"{model.name}/"): variable for variable in model.weights}


def _read(content: bytes) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {path: archive[path] for path in archive.files}
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"the weights of --init are damaged: {error}",
            "the weights that were stored at submission",
            "submit the experiment again",
        ) from error


def _named(weights: Mapping[str, Any]) -> list[str]:
    return [f"{path} {tuple(weight.shape)}" for path, weight in weights.items()]
