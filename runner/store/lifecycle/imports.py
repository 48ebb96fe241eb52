"""Store a trial that was trained elsewhere, with its epochs, as a job that has succeeded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from cifar_model.networks.network import Network
from cifar_model.objective import ended_by
from cifar_model.params import Params, present
from cifar_model.results import Epoch
from runner.specs import trained_params
from runner.states import AttemptState, JobState, Kind
from runner.store import schema
from runner.store.engine import Connection, Store
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.experiments import add_code
from runner.store.lifecycle.metrics import metric_columns
from runner.store.lifecycle.naming import add_tags, name_holder
from runner.store.lifecycle.numbers import insert_numbered
from runner.store.lifecycle.results import write_trial
from runner.store.names import NO_LABEL, Label

# Attempts name a worker; this one stands for wherever it was.
WORKER = {
    "name": "import",
    "host": "elsewhere",
    "pid": 0,
    "process_started": "",
    "device": "import",
    "version": "",
}


@dataclass(frozen=True, slots=True)
class ImportedEpoch:
    """An epoch with the fingerprint of its machine and the rule of its validation loss."""

    scores: Epoch
    fingerprint: str
    loss_rule: int


@dataclass(frozen=True, slots=True)
class Imported:
    """A trial as a bundle has it."""

    key: str
    params: dict[str, Any]
    seed: int
    threads: int
    dataset: dict[str, Any]
    provenance: dict[str, Any]
    epochs: Sequence[ImportedEpoch]
    weights: bytes
    network: dict[str, Any] | None = None
    backend: str | None = None
    code: str | None = None
    label: Label = NO_LABEL


@dataclass(frozen=True, slots=True)
class ImportedTrial:
    """The trial's number in this store, and whether it was written now.

    `name_holder` is the experiment that has the name of the trial's, which was therefore left out.
    """

    trial: int
    imported: bool
    name_holder: int | None = None


def import_trial(store: Store, imported: Imported) -> ImportedTrial:
    """Write the trial in one transaction, unless the store has it, however it came there."""
    try:
        with store.write() as connection:
            return _known_or_written(connection, imported)
    except IntegrityError:
        # Someone imported the same bundle, or took its name, at the same moment and was first.
        with store.write() as connection:
            return _known_or_written(connection, imported)


def _known_or_written(connection: Connection, imported: Imported) -> ImportedTrial:
    existing = _existing(connection, imported)
    if existing is not None:
        return ImportedTrial(existing, imported=False)
    holder = name_holder(connection, imported.label.name)
    if holder is not None:
        imported = replace(imported, label=replace(imported.label, name=None))
    return ImportedTrial(_write(connection, imported), imported=True, name_holder=holder)


def _existing(connection: Connection, imported: Imported) -> int | None:
    """Return the trial with the same weights, network, seed, params, epochs and data."""
    trials = schema.Trial
    same = select(trials.id, trials.params, trials.dataset, trials.network).where(
        schema.Trial.model == sha256(imported.weights).hexdigest(),
        schema.Trial.seed == imported.seed,
        schema.Trial.epochs == len(imported.epochs),
    )
    params = _trained(imported.params, imported)
    for trial in connection.execute(same.order_by(schema.Trial.id)):
        fingerprint = (trial.dataset or {}).get("fingerprint")
        same_data = fingerprint == imported.dataset["fingerprint"]
        same_network = trial.network == imported.network
        if same_data and same_network and _trained(trial.params, imported) == params:
            return int(trial.id)
    return None


def _trained(params: Mapping[str, Any], imported: Imported) -> Params:
    network = Network.from_json(imported.network)
    return Params.from_json(trained_params(params, len(imported.epochs)), network)


def _write(connection: Connection, imported: Imported) -> int:
    claim = _job(connection, imported)
    if not connection.scalar(select(schema.Worker.name).where(schema.Worker.name == "import")):
        _add_worker(connection)
    attempt = {
        "job_id": claim.job_id,
        "number": claim.attempt,
        "state": AttemptState.SUCCEEDED,
        "worker": WORKER["name"],
    }
    connection.execute(insert(schema.Attempt).values(ended_at=schema.now(), **attempt))
    connection.execute(
        insert(schema.Epoch),
        [
            {
                "job_id": claim.job_id,
                "attempt": claim.attempt,
                "fingerprint": epoch.fingerprint,
                "loss_rule": epoch.loss_rule,
                **metric_columns(epoch.scores.metrics),
                "epoch": epoch.scores.epoch,
                "seconds": epoch.scores.seconds,
            }
            for epoch in imported.epochs
        ],
    )
    epochs, training = imported.epochs, _trained(imported.params, imported).training
    ended = ended_by(len(epochs), training.epochs, training.patience)
    return write_trial(connection, claim, imported.weights, epochs[-1].fingerprint, ended)


def _job(connection: Connection, imported: Imported) -> Claim:
    """Write the experiment and its job, and return what the job would have been claimed as."""
    network = Network.from_json(imported.network)
    params = present(trained_params(imported.params, len(imported.epochs)), network)
    configuration: dict[str, Any] = {
        "dataset": imported.dataset,
        "epochs": None,
        "threads": imported.threads,
    }
    if imported.network is not None:
        configuration["network"] = imported.network
    if imported.backend is not None:
        configuration["backend"] = imported.backend
    experiment = connection.scalars(
        insert_numbered(schema.Experiment).returning(schema.Experiment.id),
        {
            "kind": Kind.TRAIN,
            "seed": imported.seed,
            "configuration": configuration,
            "provenance": imported.provenance,
            "submission_key": imported.key,
            "name": imported.label.name,
            "note": imported.label.note,
        },
    ).one()
    add_tags(connection, experiment, imported.label.tags)
    add_code(connection, experiment, imported.code)
    job = connection.scalars(
        insert_numbered(schema.Job)
        .values(
            experiment_id=experiment,
            number=1,
            configuration={"params": params},
            state=JobState.SUCCEEDED,
            attempts=1,
            ended_at=schema.now(),
        )
        .returning(schema.Job.id)
    ).one()
    merged = configuration | {"params": params}
    return Claim(job, 1, experiment, Kind.TRAIN, 1, imported.seed, merged)


def _add_worker(connection: Connection) -> None:
    connection.execute(insert(schema.Worker).values(stopped_at=schema.now(), **WORKER))
