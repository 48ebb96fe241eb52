"""Train one trial: the work of `train` and `tune` jobs."""

from typing import Any

from cifar_model import determinism
from cifar_model.epoch import Epoch
from cifar_model.params import Params
from cifar_model.training import Hooks, train
from runner.failpoints import failpoint
from runner.store.engine import Connection
from runner.store.lifecycle.checkpoints import newest_checkpoint, record_epoch
from runner.store.lifecycle.results import trial_seed, write_trial
from workers.attempt import Attempt, Stopped, Write
from workers.audit_log import record
from workers.jobs.inputs import load_dataset
from workers.retrying import retry_while_unavailable


def run_trial(attempt: Attempt) -> Write:
    """Train the job's params to their end, resuming from the newest checkpoint if there is one."""
    configuration = attempt.claim.configuration
    determinism.configure(configuration["threads"])
    params = Params.from_json(configuration["params"])
    dataset = load_dataset(configuration["dataset"], attempt.context.settings.data_dir)
    fingerprint = determinism.fingerprint()
    resumed = resume_training(attempt, params.epochs, fingerprint)
    trained = train(params, dataset, trial_seed(attempt.claim), **resumed)

    def write(connection: Connection) -> None:
        write_trial(connection, attempt.claim, trained.weights, fingerprint)

    return write


def resume_training(attempt: Attempt, epochs: int, fingerprint: str) -> dict[str, Any]:
    """Return what `train` needs to record every epoch, to stop when told and to go on."""
    store = attempt.context.store

    def on_step(epoch: int, step: int, steps: int) -> None:
        if step == steps // 2:
            failpoint(f"epoch_{epoch}", attempt.key.job_id)
        attempt.check()

    def on_epoch(epoch: Epoch, checkpoint: bytes) -> None:
        if not retry_while_unavailable(
            lambda: record_epoch(store, attempt.key, epoch, checkpoint, fingerprint)
        ):
            raise Stopped(None)
        record("epoch", attempt.key, epoch=epoch.epoch, val_loss=epoch.val_loss)
        left = (epochs - epoch.epoch) * epoch.seconds
        attempt.progress(
            f"epoch {epoch.epoch}/{epochs}, val_accuracy {epoch.val_accuracy:.3f}, ETA {left:.0f} s"
        )
        attempt.check()

    return {
        "hooks": Hooks(on_step=on_step, on_epoch=on_epoch),
        "resume": retry_while_unavailable(
            lambda: newest_checkpoint(store, attempt.key.job_id, fingerprint)
        ),
    }
