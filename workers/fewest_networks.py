"""Takes jobs in an order in which this process and the others compile fewer networks."""

import logging

from cifar_model.errors import InputError
from cifar_model.networks.kept import Case, is_kept
from runner.specs import FoldSpec, TrainSpec, is_trainer, job_spec
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.job_lifecycle import claim_instead
from runner.store.lifecycle.tuning.order import Work, new_job, next_jobs, running_jobs
from workers.context import Context
from workers.jobs.inputs import read_params

logger = logging.getLogger(__name__)


def claim_another(context: Context, message: int) -> Claim | None:
    """Claim another job than that of a message; None if that one is as good as any."""
    first = new_job(context.store, message)
    case = None if first is None else _case(context, first)
    if first is None or case is None or is_kept(case):
        return None
    chosen = _choose(context, first, case)
    if chosen is None:
        return None
    jobs = (first.job_id, chosen.job_id)
    claim = claim_instead(context.store, message, jobs, context.worker, context.offer)
    if claim is not None:
        logger.info("job %s is done before job %s: fewer networks are compiled", *reversed(jobs))
    return claim


def _choose(context: Context, first: Work, case: Case) -> Work | None:
    """Return a job whose network is kept here, or is compiled nowhere if that of the first is."""
    experiment = first.experiment_id
    waiting = _with_networks(context, next_jobs(context.store, experiment))
    found = next((job for job, each in waiting if is_kept(each)), None)
    if found is not None:
        return found
    running = _with_networks(context, running_jobs(context.store, experiment))
    elsewhere = {each.compiled for _, each in running}
    if case.compiled not in elsewhere:
        return None
    return next((job for job, each in waiting if each.compiled not in elsewhere), None)


def _with_networks(context: Context, jobs: list[Work]) -> list[tuple[Work, Case]]:
    pairs = ((job, _case(context, job)) for job in jobs)
    return [(job, case) for job, case in pairs if case is not None]


def _case(context: Context, job: Work) -> Case | None:
    """Return what is compiled for a job; None if it trains no network, or cannot be read."""
    try:
        spec = job_spec(job.kind, job.seed, job.configuration)
        if not isinstance(spec, TrainSpec | FoldSpec) or is_trainer(spec.network):
            return None
        params = read_params(context.store, spec.params, spec.network)
    except InputError:
        # It fails when it is done, and says why.
        return None
    height, width, channels = spec.dataset.shape
    shape, classes = (height, width, channels), len(spec.dataset.classes)
    return Case(params, shape, classes, 1, spec.start.freeze)
