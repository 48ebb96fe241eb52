"""A trial's network after an earlier epoch: trained again to it, and checked on the way."""

from dataclasses import dataclass
from typing import ClassVar

from cifar_model.errors import InputError
from cifar_model.networks.building import restore
from cifar_model.prediction import Predictor
from cifar_model.results import LOSS_RULE, Epoch
from cifar_model.training import Hooks, train
from runner.specs import EarlierEpoch
from runner.store import queries
from runner.store.queries import reports
from runner.store.queries.rows import EpochRow
from workers.attempt import Attempt
from workers.jobs.inputs import load_dataset, read_params
from workers.jobs.train import read_start
from workers.retrying import retry_while_unavailable

COMPARED = ("loss", "accuracy", "val_accuracy")


@dataclass(frozen=True, slots=True)
class Reached:
    """The newest epoch that this process trained again, from which it goes on to a later one."""

    trial: int
    model: str
    epoch: int
    checkpoint: bytes

    newest: ClassVar["Reached | None"] = None


def earlier_model(attempt: Attempt, trial_id: int, earlier: EarlierEpoch) -> Predictor:
    """Return a trial's network with the weights that it had after an epoch.

    Nothing of a trial but its last weights is stored, so it is trained again. Raises InputError if
    an epoch comes out with other numbers than are stored of it, as on another kind of machine.
    """
    store, spec = attempt.context.store, earlier.training
    trial = retry_while_unavailable(lambda: queries.trial(store, trial_id))
    params = read_params(store, spec.params, spec.network)
    dataset = load_dataset(spec.dataset, attempt.context.settings.data_dir)

    def on_epoch(epoch: Epoch, checkpoint: bytes) -> None:
        attempt.progress(f"training again: epoch {epoch.epoch}/{earlier.epoch}")
        Reached.newest = Reached(trial_id, trial.model, epoch.epoch, checkpoint)

    trained = train(
        params,
        dataset,
        spec.seed,
        hooks=Hooks(on_step=lambda *_: attempt.check(), on_epoch=on_epoch),
        resume=_reached(trial, earlier.epoch),
        start=read_start(attempt, spec.start),
        until=earlier.epoch,
    )
    _check(attempt, trial, trained.epochs)
    shape = dataset.train.images.shape[1:]
    return Predictor(restore(params, shape, len(dataset.classes), trained.weights))


def _reached(trial: queries.Trial, epoch: int) -> bytes | None:
    """Return the checkpoint to go on from, if this process has one of the trial."""
    newest = Reached.newest
    if newest is None or (newest.trial, newest.model) != (trial.id, trial.model):
        return None
    return newest.checkpoint if newest.epoch <= epoch else None


def _check(attempt: Attempt, trial: queries.Trial, epochs: list[Epoch]) -> None:
    """Raise InputError if an epoch has other numbers than when the trial was trained."""

    def read() -> list[EpochRow]:
        with attempt.context.store.read() as connection:
            return reports.epochs(connection, job=trial.job_id)

    for stored, epoch in zip(retry_while_unavailable(read), epochs, strict=False):
        # The val_loss of earlier versions was computed by another rule.
        names = (*COMPARED, *(["val_loss"] if stored.loss_rule == LOSS_RULE else []))
        for name in names:
            before, again = getattr(stored, name), getattr(epoch, name)
            if before != again:
                raise InputError(
                    f"epoch {epoch.epoch} of trial {trial.id}, trained again, has {name} {again!r},"
                    f" and {before!r} is stored",
                    f"the same numbers, as on the machine that trained it: {stored.fingerprint}",
                    "explain earlier epochs with a worker on such a machine and this version",
                )
