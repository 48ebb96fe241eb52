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
from runner.store.lifecycle.checkpoints import newest_checkpoint, record_epoch
from runner.store.lifecycle.results import write_trial
from workers.attempt import Attempt, Stopped, Write
from workers.audit_log import record
from workers.jobs.inputs import load_dataset, read_params
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
    of_epochs = f"/{values['epochs']}" if "epochs" in values else ""

    def report(reported: Reported) -> None:
        epoch, metrics = reported.epoch, reported.metrics
        failpoint(f"epoch_{epoch}", attempt.key.job_id)
        if not retry_while_unavailable(
            lambda: record_epoch(store, attempt.key, reported, reported.state or b"", machine)
        ):
            raise Stopped(None)
        metric = objective(metrics)
        record("epoch", attempt.key, epoch=epoch, **{metric: metrics[metric]})
        attempt.progress(f"epoch {epoch}{of_epochs}, {metric} {in_words(metric, metrics[metric])}")
        attempt.check()

    newest = retry_while_unavailable(lambda: newest_checkpoint(store, attempt.key.job_id, machine))
    context = Context(spec.seed, data, report, newest or None)
    code = trainer.code or ""
    model = run(trainer.name, code, values, context)
    kept = dict(context.files)
    predictor = keep(model, code, kept)
    files = pack_files(kept)

    def write(connection: Connection) -> None:
        write_trial(connection, attempt.claim, files, machine, predictor=predictor)

    return write
