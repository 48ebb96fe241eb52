"""Read and write Keras model files, in a process of its own: the command line never loads Keras.

python -m workers.keras_files export TRIAL FILE.keras
python -m workers.keras_files initial TRIAL|FILE.keras FILE.npz
python -m workers.keras_files weights FILE.keras FILE.npz NETWORK (JSON: params, shape, classes)
"""

import json
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import keras

from cifar_model.data import Description
from cifar_model.errors import InputError
from cifar_model.networks import building
from cifar_model.networks.initial import weights_by_path
from cifar_model.networks.network import Network
from cifar_model.params import Params
from runner.needs import require_network
from runner.settings import Settings
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import open_store
from runner.store.networks import read_network

MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
WEIGHTS = "model.weights.h5"


def export(trial_id: int, path: Path) -> None:
    """Write a stored trial as a model that plain Keras loads."""
    model = _restored(trial_id)
    # Keras warns of an optimizer whose variables are not in the file.
    model.optimizer.build(model.trainable_variables)
    model.save(path)


def initial(source: str, path: Path) -> None:
    """Write the weights of a stored trial or of a Keras file, each by its path in the network."""
    model = _restored(int(source)) if source.isdecimal() else _loaded(source)
    path.write_bytes(weights_by_path(model))


def _loaded(file: str) -> keras.Model:
    try:
        return keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"{file} cannot be loaded: {words[0]}",
            "a model of Keras's own layers that `model.save` wrote",
            "save the model again with this version of Keras",
        ) from error


def _restored(trial_id: int) -> keras.Model:
    store = open_store(Settings.from_environment().database_url, make=False)
    trial = queries.trial(store, trial_id)
    require_network(trial_id, trial.network, "started from or loaded by themselves")
    dataset = Description.from_json(trial.dataset)
    height, width, channels = dataset.shape
    params = Params.from_json(trial.params, read_network(store, trial.network))
    return building.restore(
        params,
        (height, width, channels),
        len(dataset.classes),
        get_artifact(store, trial.model),
    )


def weights(model_file: Path, path: Path, described: Mapping[str, Any]) -> None:
    """Write the weights of a model file in the form in which the store keeps them.

    The network is built as it is described; what the model file says of it is not read. It
    takes no more memory than the file has bytes.
    """
    stored = described.get("network")
    has_code = stored is not None and stored["code"] is not None
    network = Network.from_json(stored, Path(described["code"]).read_text() if has_code else None)
    params = Params.from_json(described["params"], network)
    height, width, channels = described["shape"]
    with tempfile.TemporaryDirectory() as directory:
        extracted = _extract(model_file, Path(directory))
        numbers = _count(extracted)
        if numbers < _weights_of(params, (height, width, channels), described["classes"]):
            raise _refusal("it has fewer weights than its params require")
        model = building.build(params, (height, width, channels), described["classes"])
        try:
            model.load_weights(extracted)
        except (ValueError, KeyError, OSError) as error:
            raise _refusal(f"its weights do not fit its params: {error}") from error
    path.write_bytes(building.weights_bytes(model))


def _extract(model: Path, directory: Path) -> Path:
    """Unpack the weights; nothing in the file is compressed, so that it shows how large it is."""
    try:
        with zipfile.ZipFile(model) as archive:
            members = archive.infolist()
            if {member.filename for member in members} != MEMBERS or len(members) != len(MEMBERS):
                raise _refusal(
                    f"it does not contain exactly the files {', '.join(sorted(MEMBERS))}"
                )
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise _refusal("it is compressed, unlike files that Keras writes")
            return Path(archive.extract(WEIGHTS, directory))
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise _refusal(f"it cannot be unpacked: {error}") from error


def _weights_of(params: Params, shape: tuple[int, int, int], classes: int) -> int:
    """Return how many weights a network has; of code of a user's that hides it, at least 0."""
    try:
        return building.count_weights(params, shape, classes)
    except ValueError:
        if params.network.code is None:
            raise
        # It gives a variable its value: its weights have taken their memory already.
        return 0


def _count(path: Path) -> int:
    """Return how many numbers a file of weights holds; raise InputError if one is not in it."""
    numbers = 0

    def look(group: h5py.Group) -> None:
        nonlocal numbers
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _refusal(f"{group.name}/{name} is a link")
            member = group[name]
            if isinstance(member, h5py.Group):
                look(member)
            elif member.external or member.is_virtual:
                raise _refusal(f"{member.name} is stored in another file")
            elif member.id.get_storage_size() < member.nbytes:
                raise _refusal(f"{member.name} is compressed, unlike files that Keras writes")
            else:
                numbers += member.size

    try:
        with h5py.File(path) as file:
            look(file)
    except (OSError, RuntimeError, KeyError) as error:
        raise _refusal(f"its weights cannot be read: {error}") from error
    return numbers


def _refusal(what: str) -> InputError:
    return InputError(
        f"the model cannot be imported: {what}",
        "the file that `runner export` wrote",
        "export the trial again",
    )


def main(what: str, *arguments: str) -> None:
    """Do one of the three."""
    if what == "export":
        trial, path = arguments
        export(int(trial), Path(path))
    elif what == "initial":
        source, path = arguments
        initial(source, Path(path))
    else:
        model_file, path, described = arguments
        weights(Path(model_file), Path(path), json.loads(described))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except InputError as error:
        sys.exit(error.what)
