"""Write a trial as a bundle: its model, params, metrics, provenance, model card and checksums."""

import json
from pathlib import Path

from cifar_model.backends.names import BACKENDS
from cifar_model.objective import STOPPED
from cifar_model.trainers.state import unpack_files
from runner import provenance
from runner.bundle.card import model_card
from runner.bundle.checksums import write_checksums
from runner.bundle.keras_process import in_keras_process
from runner.bundle.places import new_directory
from runner.bundle.schema import EpochRow, MetricsFile, ParamsFile, ProvenanceFile, checked
from runner.errors import InputError
from runner.needs import check_allowed
from runner.reports.records import chosen, plain
from runner.reports.stats.uncertainty import accuracy_interval
from runner.reports.trial import TrialDocument, trial_document
from runner.settings import Settings
from runner.specs import is_trainer
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import Store

MODEL, PARAMS, METRICS, PROVENANCE = "model.keras", "params.json", "metrics.json", "provenance.json"
CARD = "README.md"
# The file of a network that a user wrote.
CODE = "network.py"
# That of a trainer: no file that it saves has a name that begins so.
TRAINER = "_trainer.py"

SCORES = (
    *("best_epoch", "loss", "accuracy", "val_loss", "val_accuracy", "best_val_accuracy"),
    *("seconds", "fingerprint", "fingerprints", "not_reproducible", "model", "epochs"),
)
EPOCH = tuple(EpochRow.model_fields)
EVALUATION = ("split", "images", "loss", "accuracy", "accuracy_interval", "log_loss")
ORIGIN = ("trial", "dataset", "provenance")
LABEL = ("name", "tags", "note")


def export_bundle(store: Store, trial: int, out: Path) -> list[str]:
    """Write the bundle to a new directory and return the names of its files.

    Of the trial of a trainer, only the files that it saved, its model and its code are written:
    they are not a bundle.
    """
    document = trial_document(store, trial=trial)
    if document.ended_by == STOPPED:
        raise InputError(
            f"trial {trial} was stopped early, after epoch {document.trained_epochs}",
            "a trial that was trained to its end: bundles are compared with others",
            "choose another trial, or train its params again with `runner submit train`",
        )
    stored = queries.trial(store, trial)
    check_allowed(Settings.from_environment(), stored.network)
    with new_directory(out) as directory:
        if is_trainer(stored.network):
            _write_saved(directory, get_artifact(store, stored.model))
            if document.code is not None:
                (directory / TRAINER).write_bytes(get_artifact(store, document.code))
        else:
            in_keras_process("export", str(trial), str(directory / MODEL))
            experiment = queries.experiment(store, document.experiment)
            _write(directory, document, stored, experiment)
            if stored.network is not None and stored.network["code"]:
                (directory / CODE).write_bytes(get_artifact(store, stored.network["code"]))
            write_checksums(directory)
    return sorted(path.name for path in out.iterdir())


def _write_saved(directory: Path, files: bytes) -> None:
    for name, content in unpack_files(files).items():
        (directory / name).write_bytes(content)


def _write(
    directory: Path,
    document: TrialDocument,
    stored: queries.Trial,
    experiment: queries.Experiment,
) -> None:
    images = document.dataset.images.validation
    scored = document.val_accuracy
    interval = None if scored is None else accuracy_interval(scored, images)
    params = {"params": document.params, "seed": document.seed, "threads": stored.threads}
    if stored.network is not None:
        params["network"] = stored.network
    if stored.backend not in (None, BACKENDS[0]):
        params["backend"] = stored.backend
    evaluations = [chosen(evaluation, EVALUATION) for evaluation in document.evaluations]
    metrics = chosen(document, SCORES) | {
        # Networks have no metrics of other names, which only trainers report.
        "epochs": [chosen(row, EPOCH) for row in document.epochs],
        "val_accuracy_interval": interval,
        "evaluations": evaluations,
    }
    origin = chosen(document, ORIGIN) | {
        "experiment": chosen(experiment, LABEL),
        "exported": provenance.collect(),
    }
    contents = {
        PARAMS: checked(ParamsFile, plain(params), PARAMS),
        METRICS: checked(MetricsFile, plain(metrics), METRICS),
        PROVENANCE: checked(ProvenanceFile, plain(origin), PROVENANCE),
    }
    for name, content in contents.items():
        (directory / name).write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")
    (directory / CARD).write_text(model_card(document, interval))
