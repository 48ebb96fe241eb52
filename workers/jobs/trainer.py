"""Run a user's own training loop: the work of `train` and `tune` jobs with a trainer."""

from cifar_model.objective import in_words, objective
from cifar_model.trainers.context import Context, Reported
from cifar_model.trainers.fingerprint import fingerprint
from cifar_model.trainers.keeping import keep
from cifar_model.trainers.running import run
from cifar_model.trainers.state import pack_files
from runner.failpoints import failpoint
from runner.specs import TrainSpec
from runner.store.engine import Connection
from runner.store.lifecycle.checkpoints import newest_checkpoint
from runner.store.lifecycle.results import write_trial
from workers.attempt import Attempt, Write
from workers.jobs.inputs import load_dataset, read_params
from workers.jobs.recording import Recording
from workers.retrying import retry_while_unavailable


def run_trainer(attempt: Attempt, spec: TrainSpec) -> Write:
    """Run the job's trainer to its end, resuming from its newest checkpoint if there is one.

    The files that it saved, and the model that it returned, are stored in place of a network's
    weights.
    """
    store, machine = attempt.context.store, fingerprint()
    params = read_params(store, spec.params, spec.network)
    directory = attempt.context.settings.data_dir
    data = load_dataset(spec.dataset, directory) if spec.dataset else None
    trainer, values = params.network, params.to_json()
    recording = Recording(attempt, machine)
    of_epochs = f"/{values['epochs']}" if "epochs" in values else ""

    def report(reported: Reported) -> None:
        epoch, metrics = reported.epoch, reported.metrics
        failpoint(f"epoch_{epoch}", attempt.key.job_id)
        recording.add(reported)
        metric = objective(metrics)
        attempt.progress(f"epoch {epoch}{of_epochs}, {metric} {in_words(metric, metrics[metric])}")
        attempt.check()

    context = Context(spec.seed, data, report, _newest_state(attempt, machine))
    code = trainer.code or ""
    try:
        model = run(trainer.name, code, values, context)
    except Exception:
        # It is stopped, or has failed: in both cases it may go on.
        recording.store()
        raise
    kept = dict(context.files)
    predictor = keep(model, code, kept)
    files = pack_files(kept)

    def write(connection: Connection) -> None:
        recording.write(connection)
        write_trial(connection, attempt.claim, files, machine, predictor=predictor)

    return write


def _newest_state(attempt: Attempt, machine: str) -> bytes | None:
    """Return what an earlier attempt has left to resume from; None if there is nothing."""
    if attempt.key.number == 1:
        return None
    store, job = attempt.context.store, attempt.key.job_id
    return retry_while_unavailable(lambda: newest_checkpoint(store, job, machine)) or None
