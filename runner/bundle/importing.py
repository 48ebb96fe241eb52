"""Read a bundle into a store: checked file by file, then written whole."""

import json
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from cifar_model.epoch import Epoch
from cifar_model.params import Params
from runner.bundle.checksums import check_checksums
from runner.bundle.exporting import METRICS, MODEL, PARAMS, PROVENANCE
from runner.bundle.keras_process import in_keras_process
from runner.errors import InputError
from runner.store.engine import Store
from runner.store.imports import Imported, ImportedEpoch, import_trial


def import_bundle(store: Store, path: Path) -> int:
    """Store the trial of a bundle and return its number; the same bundle again is the same trial.

    Raises InputError if the bundle is not whole, or its model is not the one it says.
    """
    digest = check_checksums(path, (MODEL, PARAMS, METRICS, PROVENANCE))
    params, metrics, provenance = (_read(path / name) for name in (PARAMS, METRICS, PROVENANCE))
    weights = _weights(path / MODEL)
    try:
        Params.from_json(params["params"])
        imported = Imported(
            key=f"import {digest}",
            params=params["params"],
            seed=params["seed"],
            threads=params["threads"],
            dataset=provenance["dataset"],
            provenance=provenance["provenance"] | {"imported": digest},
            epochs=[_epoch(row) for row in metrics["epochs"]],
            weights=weights,
        )
        expected = metrics["model"]
    except (KeyError, TypeError) as error:
        raise _refusal(path, f"a field is missing or wrong: {error}") from error
    if sha256(weights).hexdigest() != expected:
        raise _refusal(path, f"{MODEL} has other weights than {METRICS} says")
    return import_trial(store, imported)


def _epoch(row: dict[str, Any]) -> ImportedEpoch:
    scores = dict(row)
    fingerprint = scores.pop("fingerprint")
    # Bundles that were written before there were two rules do not name the first one.
    loss_rule = scores.pop("loss_rule", 1)
    return ImportedEpoch(Epoch(**scores), fingerprint, loss_rule)


def _weights(model: Path) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "weights.npz"
        in_keras_process("weights", str(model.absolute()), str(path))
        return path.read_bytes()


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise _refusal(path.parent, f"{path.name} is not JSON") from error
    return content


def _refusal(path: Path, what: str) -> InputError:
    return InputError(
        f"{path} cannot be imported: {what}",
        "a bundle that `runner export` of this version wrote",
        "export the trial again",
    )
