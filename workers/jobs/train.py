"""Train one trial: the work of `train` and `tune` jobs."""

from collections.abc import Mapping

from cifar_model import determinism
from cifar_model.data import Dataset
from cifar_model.networks.initial import Start
from cifar_model.params import Params
from cifar_model.results import Epoch
from cifar_model.training import Hooks, Trained, train
from runner.failpoints import failpoint
from runner.searches import measured_by
from runner.specs import StartSpec, TrainSpec
from runner.states import AttemptState
from runner.store.artifacts import get_artifact
from runner.store.engine import Connection
from runner.store.lifecycle.checkpoints import adopt_checkpoint, newest_checkpoint, record_epoch
from runner.store.lifecycle.job_lifecycle import tell
from runner.store.lifecycle.results import write_measured, write_trial
from runner.store.lifecycle.tuning.reuse import Equal, GoneError, identify, write_reused
from runner.store.lifecycle.tuning.stopping import asks_to_stop
from workers.attempt import Attempt, Stopped, Write
from workers.audit_log import record
from workers.jobs.inputs import load_dataset, read_params
from workers.jobs.measuring import is_measured, measure
from workers.jobs.reuse import find_reusable, identity_of
from workers.retrying import retry_while_unavailable


def run_trial(attempt: Attempt, spec: TrainSpec) -> Write:
    """Train the job's params to their end, resuming from the newest checkpoint if there is one.

    They are not trained if an equal job was: its results are then those of this one.
    """
    determinism.configure(spec.threads)
    params = read_params(attempt.context.store, spec.params, spec.network)
    fingerprint = determinism.fingerprint()
    identity = identity_of(spec, params, fingerprint)
    names = list(filter(is_measured, measured_by(attempt.claim.configuration)))
    found = find_reusable(attempt, identity)
    if found is not None and not names:
        # Without its images, which can take long to read.
        return _reuse(attempt, identity, *found, {})
    dataset = load_dataset(spec.dataset, attempt.context.settings.data_dir)
    if found is not None:
        measured = measure(names, params, dataset, found[1])
        return _reuse(attempt, identity, *found, measured)
    start = read_start(attempt, spec.start)
    trained = train_params(attempt, params, dataset, spec.seed, start)
    measured = measure(names, params, dataset, trained.weights)

    def write(connection: Connection) -> None:
        weights, ended_by = trained.weights, trained.ended_by
        trial = write_trial(connection, attempt.claim, weights, fingerprint, ended_by)
        write_measured(connection, trial, measured)
        identify(connection, trial, identity)

    return write


def _reuse(
    attempt: Attempt, identity: str, equal: Equal, weights: bytes, measured: Mapping[str, float]
) -> Write:
    """Return what ends the job with the results of an equal trial."""

    def write(connection: Connection) -> None:
        try:
            trial = write_reused(connection, attempt.key, attempt.claim, equal, weights)
        except GoneError:
            # Sent again, it finds another equal trial or is trained.
            raise Stopped(AttemptState.RELEASED) from None
        write_measured(connection, trial, measured)
        identify(connection, trial, identity)

    return write


def read_start(attempt: Attempt, spec: StartSpec) -> Start:
    """Return what a training starts from; how much of it fits is told to the job's events."""
    store, stored = attempt.context.store, spec.weights

    def told(words: str) -> None:
        attempt.progress(words)
        retry_while_unavailable(lambda: tell(store, attempt.key, "initialised", words))

    weights = stored and retry_while_unavailable(lambda: get_artifact(store, stored))
    return Start(weights or None, spec.freeze, told)


def train_params(
    attempt: Attempt, params: Params, dataset: Dataset, seed: int, start: Start
) -> Trained:
    """Train to the end from the newest checkpoint, recording every epoch; stop when told to."""
    store, epochs = attempt.context.store, params.training.epochs
    fingerprint = determinism.fingerprint()

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

    def ends(epoch: int) -> bool:
        rule = attempt.claim.configuration.get("stop")
        if rule is None or epoch == 0:
            return False
        answer = retry_while_unavailable(
            lambda: asks_to_stop(store, attempt.claim, rule, epoch, epochs)
        )
        if answer is None:
            raise Stopped(None)
        return answer

    hooks = Hooks(on_step=on_step, on_epoch=on_epoch, ends=ends)
    if attempt.claim.configuration.get("resumes"):
        _adopt(attempt, fingerprint)
    newest = retry_while_unavailable(
        lambda: newest_checkpoint(store, attempt.key.job_id, fingerprint)
    )
    return train(params, dataset, seed, hooks=hooks, resume=newest, start=start)


def _adopt(attempt: Attempt, fingerprint: str) -> None:
    """Begin where the trial that this job continues was stopped."""
    store, trial = attempt.context.store, attempt.claim.configuration["trial"]
    if not retry_while_unavailable(
        lambda: adopt_checkpoint(store, attempt.key, trial, fingerprint)
    ):
        raise Stopped(None)
