"""The Celery tasks: one for each kind of experiment, named after it."""

import logging
import time
from typing import Any

from celery import Task

from runner.loop_errors import summary
from runner.searches import is_limited
from runner.specs import EvaluateSpec, ExplainSpec, FoldSpec, TrainSpec, job_spec
from runner.states import Kind
from workers.app import app
from workers.attempt import Attempt, Write, execute
from workers.quiet_import import import_tensorflow, import_triton

logger = logging.getLogger(__name__)

# Nobody can read more; to send one takes about 1 ms.
PROGRESS_SECONDS = 1.0


@app.task(bind=True, name=Kind.TRAIN)
def train(task: "Task[..., None]", job_id: int) -> None:
    """Train one trial."""
    _run(task, job_id)


@app.task(bind=True, name=Kind.TUNE)
def tune(task: "Task[..., None]", job_id: int) -> None:
    """Train one trial of a grid."""
    _run(task, job_id)


@app.task(bind=True, name=Kind.EVALUATE)
def evaluate(task: "Task[..., None]", job_id: int) -> None:
    """Score one trial on one split."""
    _run(task, job_id)


@app.task(bind=True, name=Kind.EXPLAIN)
def explain(task: "Task[..., None]", job_id: int) -> None:
    """Explain one trial's predictions for some images."""
    _run(task, job_id)


def work(attempt: Attempt) -> Write:
    """Do what the store says that the job is, whatever task its message named.

    The backend is imported here, after the claim: a job whose worker died is taken up in seconds,
    and what goes wrong in the import is the job's failure, with its traceback.
    """
    if is_limited(attempt.claim.configuration):
        from workers.asking import begun

        attempt = begun(attempt)
    claim, context = attempt.claim, attempt.context
    if context.settings.allow_code:
        import_triton()
    spec = job_spec(claim.kind, claim.seed, claim.configuration)
    if isinstance(spec, TrainSpec) and spec.is_trainer:
        from workers.jobs.trainer import run_trainer

        return run_trainer(attempt, spec)
    if context.device.position is None and context.settings.backend == "tensorflow":
        import_tensorflow()
    match spec:
        case TrainSpec():
            from workers.jobs.train import run_trial

            return run_trial(attempt, spec)
        case FoldSpec():
            from workers.jobs.folds import run_fold

            return run_fold(attempt, spec)
        case EvaluateSpec():
            from workers.jobs.evaluate import run_evaluation

            return run_evaluation(attempt, spec)
        case ExplainSpec():
            from workers.jobs.explain import run_explanation

            return run_explanation(attempt, spec)


def _run(task: "Task[..., None]", job_id: object) -> None:
    if not isinstance(job_id, int):
        # Not written out whole: it may have any size.
        logger.warning("dropped a message without a job id: %.80r", job_id)
        return
    # Flower shows only the fields that it knows, and `result` is one. One that was started after
    # the job was sent learns from this what the job is; a call without a message has neither.
    request: Any = task.request
    known = {
        "name": task.name,
        "args": request.get("argsrepr"),
        "kwargs": request.get("kwargsrepr"),
    }

    logged, told = "", time.monotonic()

    def progress(text: str) -> None:
        # Only for people who watch: whatever is wrong with the broker, the job goes on, and it is
        # logged once and not each epoch.
        nonlocal logged, told
        if time.monotonic() - told < PROGRESS_SECONDS:
            return
        told, words = time.monotonic(), ""
        try:
            task.send_event("task-progress", retry=False, result=text, **known)
        except Exception as error:
            words = summary(error)
        if words and words != logged:
            logger.warning("job %s: cannot report its progress: %s", job_id, words)
        logged = words

    execute(job_id, work, progress)
