"""Read a bundle into a store: checked file by file, then written whole."""

import json
import tempfile
from hashlib import sha256
from pathlib import Path

from cifar_model.networks import source
from cifar_model.results import Epoch
from runner.bundle import schema
from runner.bundle.checksums import check_files
from runner.bundle.exporting import CARD, CODE, METRICS, MODEL, PARAMS, PROVENANCE, TRAINER
from runner.bundle.keras_process import in_keras_process
from runner.bundle.schema import (
    DatasetRecord,
    EpochRow,
    MetricsFile,
    ParamsFile,
    ProvenanceFile,
    read,
)
from runner.errors import InputError
from runner.needs import check_allowed
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.lifecycle.imports import Imported, ImportedEpoch, ImportedTrial, import_trial

# A model of the largest filters that train on one GPU.
MOST_MODEL_BYTES = 2 * 2**30
MOST_CARD_BYTES = 2**20

MOST_BYTES = {
    MODEL: MOST_MODEL_BYTES,
    CARD: MOST_CARD_BYTES,
    CODE: source.MOST_BYTES,
    **dict.fromkeys((PARAMS, METRICS, PROVENANCE), schema.MOST_BYTES),
}


def import_bundle(store: Store, path: Path) -> ImportedTrial:
    """Store the trial of a bundle, unless it is in the store already.

    Raises InputError if the bundle is not whole, holds what `runner export` would not write, or its
    model is not the one it says.
    """
    if (path / TRAINER).exists():
        raise InputError(
            f"{path} has the files of a trainer's trial, not a bundle",
            "the bundle of a trial with a network",
            "run the trainer there: runner submit train --trainer FILE.py:function",
        )
    digest = check_files(path, MOST_BYTES, optional=CODE)
    params: ParamsFile = read(ParamsFile, path / PARAMS)
    metrics: MetricsFile = read(MetricsFile, path / METRICS)
    origin: ProvenanceFile = read(ProvenanceFile, path / PROVENANCE)
    code = _code(path, params)
    check_allowed(Settings.from_environment(), params.network_json())
    weights = _weights(path, params, origin.dataset)
    if sha256(weights).hexdigest() != metrics.model:
        raise InputError(
            f"{path} cannot be imported: the weights in {MODEL} do not match the SHA-256 in "
            f"{METRICS}",
            "a bundle that `runner export` wrote",
            "export the trial again",
        )
    provenance = origin.provenance.model_dump(exclude_unset=True)
    return import_trial(
        store,
        Imported(
            key=f"import {digest}",
            params=params.params,
            seed=params.seed,
            threads=params.threads,
            dataset=origin.dataset.model_dump(exclude_unset=True),
            provenance=provenance | {"imported": digest},
            epochs=[_epoch(row) for row in metrics.epochs],
            weights=weights,
            network=params.network_json(),
            backend=params.backend,
            code=code,
            label=origin.experiment.label(),
        ),
    )


def _epoch(row: EpochRow) -> ImportedEpoch:
    scores = row.model_dump(exclude={"fingerprint", "loss_rule"})
    return ImportedEpoch(Epoch(**scores), row.fingerprint, row.loss_rule)


def _code(bundle: Path, params: ParamsFile) -> str | None:
    """Return the text of the network's file, which has to be the one that the params name."""
    path = bundle / CODE
    named = params.network.code if params.network else None
    content = path.read_bytes() if path.exists() else None
    if named != (None if content is None else sha256(content).hexdigest()):
        raise InputError(
            f"{bundle} cannot be imported: {CODE} is not the file that {PARAMS} names",
            "a bundle that `runner export` wrote",
            "export the trial again",
        )
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError as error:
        what = f"{bundle} cannot be imported: {CODE} is not UTF-8"
        raise InputError(what, "what `runner export` writes", "export the trial again") from error


def _weights(bundle: Path, params: ParamsFile, dataset: DatasetRecord) -> bytes:
    network = {
        "params": params.params,
        "shape": dataset.shape,
        "classes": len(dataset.classes),
        "network": params.network_json(),
        "code": str((bundle / CODE).absolute()),
    }
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "weights.npz"
        in_keras_process(
            "weights", str((bundle / MODEL).absolute()), str(path), json.dumps(network)
        )
        return path.read_bytes()
