"""The weights that trials start from: those of a stored trial, or of a Keras file."""

import tempfile
from pathlib import Path
from typing import Any

from runner.api import checks
from runner.bundle.keras_process import in_keras_process
from runner.errors import InputError
from runner.store import queries
from runner.store.engine import Store
from runner.submit.experiments import Initial

SUFFIX = ".keras"


def read_initial(store: Store, asked: Any) -> Initial:
    """Return the weights by path, read in a process that has Keras; raise InputError if it fails.

    What is asked for is the number of a trial, or the path of a Keras file.
    """
    text = str(asked).strip()
    if text.isdecimal():
        trial = queries.trial(store, checks.whole_number("trial", int(text))).id
        return Initial({"trial": trial}, _weights(str(trial)))
    path = Path(text)
    if path.suffix != SUFFIX:
        raise checks.refusal("init", asked, "the number of a trial, or a file FILE.keras")
    if not path.is_file():
        raise InputError(
            f"--init {text}: there is no such file",
            "a file that Keras wrote with `model.save`",
            "correct the path",
        )
    return Initial({"file": path.name}, _weights(str(path.absolute())))


def _weights(source: str) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "initial.npz"
        in_keras_process("initial", source, str(path))
        return path.read_bytes()
