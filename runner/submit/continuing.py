"""`runner continue`: train a trial that was stopped, or has ended, for more epochs."""

from dataclasses import dataclass, replace
from typing import Any

from cifar_model.objective import PATIENCE
from cifar_model.params import Params
from runner.errors import InputError
from runner.needs import require_network
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment
from runner.store.networks import read_network
from runner.store.queries.experiments import has_checkpoint
from runner.submit.experiments import new_experiment, save, start_entries, trial_configuration

# What is said of a trial that has no checkpoint, or none that fits.
RESTARTS = "trial {trial} cannot go on from a checkpoint: it is trained from its first epoch"


@dataclass(frozen=True, slots=True)
class Continued:
    """The experiment that continues a trial, and whether it can begin at a checkpoint."""

    experiment: int
    resumes: bool


def continue_trial(
    store: Store, trial_id: int, epochs: int | None, *, fresh: bool = False
) -> Continued:
    """Create an experiment that trains a trial for more epochs (default: those of its params)."""
    new = new_continuation(store, trial_id, epochs, fresh=fresh)
    return Continued(save(store, new), bool(new.configuration["resumes"]))


def new_continuation(
    store: Store, trial_id: int, epochs: int | None, *, fresh: bool = False
) -> NewExperiment:
    """Return an experiment of a trial with more epochs, checked and not yet stored.

    Unless it is `fresh`, an equal trial that was trained to these epochs is reused.
    """
    trial = queries.trial(store, trial_id)
    require_network(trial.id, trial.network, "continued")
    network = read_network(store, trial.network)
    before = Params.from_json(trial.params, network)
    more = before.training.epochs if epochs is None else epochs
    after = Params.from_json({**trial.params, "epochs": more}, network)
    ended_by, trained = trial.ended_by, trial.epochs
    if ended_by == PATIENCE:
        raise InputError(
            f"trial {trial_id} was ended by its patience={before.training.patience}, after epoch"
            f" {trained}; with more epochs it would end there, too",
            "a trial that was stopped by --stop or has trained all its epochs",
            "train it again with another patience: `runner submit train --param patience=...`",
        )
    if more <= trained:
        raise InputError(
            f"trial {trial_id} was trained for {trained} epochs already; {more} are asked for",
            f"a number of epochs above {trained}",
            f"give --epochs {trained + 1} or more",
        )
    configuration: dict[str, Any] = trial_configuration(trial) | {
        "epochs": None,
        "repeats": 1,
        **start_entries(trial.init, trial.freeze),
        **({"fresh": True} if fresh else {}),
        # A schedule of the learning rate depends on the number of epochs from the first step on.
        "resumes": has_checkpoint(store, trial.job_id) and _begins_alike(before, after),
    }
    jobs = [{"params": {**trial.params, "epochs": more}}]
    return new_experiment(Kind.TRAIN, trial.seed, configuration, jobs, None)


def _begins_alike(before: Params, after: Params) -> bool:
    """Return whether two params, which differ in their epochs at most, train the same at first."""
    if before == after:
        return True
    longer = replace(before.training, epochs=after.training.epochs)
    same = replace(before, training=longer) == after
    return same and before.training.has_constant_lr
