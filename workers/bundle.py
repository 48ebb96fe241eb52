"""The part of a bundle that needs Keras, in a process of its own: the command line never loads it.

python -m workers.bundle export TRIAL FILE.keras
python -m workers.bundle weights FILE.keras FILE.npz
"""

import sys
from pathlib import Path

from cifar_model import network
from cifar_model.params import Params
from runner.settings import Settings
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import open_store


def export(trial_id: int, path: Path) -> None:
    """Write a stored trial as a model that plain Keras loads."""
    store = open_store(Settings.from_environment().database_url, make=False)
    trial = queries.trial(store, trial_id)
    shape, classes = trial.dataset["shape"], len(trial.dataset["classes"])
    params = Params.from_json(trial.params)
    network.restore(params, tuple(shape), classes, get_artifact(store, trial.model)).save(path)


def weights(model: Path, path: Path) -> None:
    """Write the weights of a model in the form in which the store keeps them."""
    import keras

    path.write_bytes(network.weights_bytes(keras.saving.load_model(model, compile=False)))


def main(what: str, first: str, second: str) -> None:
    """Do one of the two."""
    if what == "export":
        export(int(first), Path(second))
    else:
        weights(Path(first), Path(second))


if __name__ == "__main__":
    main(*sys.argv[1:])
