"""Run a user's own training loop: the work of `train` and `tune` jobs with a trainer."""

from cifar_model.errors import InputError
from cifar_model.results import Epoch
from cifar_model.trainers.context import Context, Reported
from cifar_model.trainers.fingerprint import fingerprint
from cifar_model.trainers.running import run
from cifar_model.trainers.state import pack_files
from runner.failpoints import failpoint
from runner.specs import TrainSpec
from runner.store.engine import Connection
from runner.store.lifecycle.checkpoints import newest_checkpoint, record_epoch
from runner.store.lifecycle.results import write_trial
from workers.attempt import Attempt, Stopped, Write
from workers.audit_log import record
from workers.jobs.inputs import load_dataset
from workers.jobs.models import read_params
from workers.retrying import retry_while_unavailable

# What the store keeps of every epoch.
KEPT = ("loss", "accuracy", "val_loss", "val_accuracy")


def run_trainer(attempt: Attempt, spec: TrainSpec) -> Write:
    """Run the job's trainer to its end, resuming from its newest checkpoint if there is one.

    The files that it saved are stored in place of a network's weights.
    """
    store, machine = attempt.context.store, fingerprint()
    params = read_params(store, spec.params, spec.network)
    data = load_dataset(spec.dataset, attempt.context.settings.data_dir)
    trainer, values = params.network, params.to_json()
    of_epochs = f"/{values['epochs']}" if "epochs" in values else ""

    def report(reported: Reported) -> None:
        epoch = _epoch(trainer.name, reported)
        failpoint(f"epoch_{epoch.epoch}", attempt.key.job_id)
        if not retry_while_unavailable(
            lambda: record_epoch(store, attempt.key, epoch, reported.state or b"", machine)
        ):
            raise Stopped(None)
        record("epoch", attempt.key, epoch=epoch.epoch, val_loss=epoch.val_loss)
        attempt.progress(f"epoch {epoch.epoch}{of_epochs}, val_accuracy {epoch.val_accuracy:.3f}")
        attempt.check()

    newest = retry_while_unavailable(lambda: newest_checkpoint(store, attempt.key.job_id, machine))
    context = Context(spec.seed, data, report, newest or None)
    run(trainer.name, trainer.code or "", values, context)
    files = pack_files(context.files)

    def write(connection: Connection) -> None:
        write_trial(connection, attempt.claim, files, machine)

    return write


def _epoch(name: str, reported: Reported) -> Epoch:
    """Return an epoch as it is stored; raise InputError if a metric is missing."""
    metrics = reported.metrics
    if missing := [metric for metric in KEPT if metric not in metrics]:
        raise InputError(
            f"the trainer {name} reported no {', no '.join(missing)} of epoch {reported.epoch}",
            f"each of {', '.join(KEPT)}",
            "report them all; runner check needs only val_accuracy or val_loss",
        )
    return Epoch(
        epoch=reported.epoch,
        loss=metrics["loss"],
        accuracy=metrics["accuracy"],
        val_loss=metrics["val_loss"],
        val_accuracy=metrics["val_accuracy"],
        seconds=reported.seconds,
    )
