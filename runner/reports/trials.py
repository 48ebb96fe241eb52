"""The trials of a document: their scores, best epochs and ranks."""

from collections.abc import Collection, Sequence
from typing import Protocol

from cifar_model.objective import STOPPED, score
from runner.needs import can_be_evaluated
from runner.reports.model import Code, Part
from runner.reports.records import Best, BestEpoch, Epoch, RankedTrial, Trial, fields_of
from runner.reports.stats.ranking import METRICS, better
from runner.specs import code_of, is_trainer, network_name
from runner.store.artifacts import get_artifact
from runner.store.engine import Store
from runner.store.queries.rows import EpochRow, JobRow


def trials_of(jobs: Sequence[JobRow], epochs: Sequence[EpochRow]) -> list[Trial]:
    """Return one trial for each job that trains, including unfinished jobs.

    Scores are those of the last epoch; `best` has the best epoch of each metric.
    """
    epochs_of: dict[int, list[Epoch]] = {job.job: [] for job in jobs}
    for row in epochs:
        epochs_of[row.job_id].append(
            Epoch(
                epoch=row.epoch,
                loss=row.loss,
                accuracy=row.accuracy,
                val_loss=row.val_loss,
                val_accuracy=row.val_accuracy,
                metrics=row.metrics or {},
                seconds=row.seconds,
                loss_rule=row.loss_rule,
                fingerprint=row.fingerprint,
            )
        )
    return [_trial(job, epochs_of[job.job]) for job in jobs]


def _trial(job: JobRow, epochs: list[Epoch]) -> Trial:
    return Trial(
        trial=job.trial,
        job=job.job,
        experiment=job.experiment,
        number=job.number,
        state=job.state,
        params=job.params,
        network=network_name(job.network),
        code=code_of(job.network),
        trainer=is_trainer(job.network),
        predicts=can_be_evaluated(job.dataset, job.network, job.predictor),
        seed=job.seed,
        fold=job.fold,
        epochs=epochs,
        trained_epochs=len(epochs),
        ended_by=job.ended_by,
        reused=job.reused,
        best_epoch=job.best_epoch,
        loss=job.loss,
        accuracy=job.accuracy,
        val_loss=job.val_loss,
        val_accuracy=job.val_accuracy,
        best_val_accuracy=job.best_val_accuracy,
        metrics=job.metrics or {},
        objective=job.objective,
        seconds=job.seconds,
        loss_rule=job.loss_rule,
        val_accuracy_interval=None,
        noise=None,
        best=Best(**{name: _best(epochs, name) for name in METRICS}) if epochs else None,
        attempts=job.attempts,
        reason=job.reason,
        not_reproducible=job.not_reproducible,
        fingerprints=list(dict.fromkeys(epoch.fingerprint for epoch in epochs)),
        fingerprint=job.fingerprint,
        model=job.model,
    )


def _best(epochs: Sequence[Epoch], metric: str) -> BestEpoch | None:
    values = [(score(epoch, metric), epoch.epoch) for epoch in epochs]
    known = [(value, epoch) for value, epoch in values if value is not None]
    if not known:
        return None
    value, epoch = better(metric)(known, key=lambda pair: pair[0])
    return BestEpoch(epoch, value)


def ranked(
    trials: Sequence[Trial],
    by: str,
    *,
    smallest_first: bool,
    excluded: Collection[int],
) -> list[RankedTrial]:
    """Return the trials ranked by a metric, best first; trials without a score are last.

    Trials that were stopped early have no rank either, nor have those whose jobs are excluded.
    Trials with equal scores have the same rank.
    """
    found = {
        trial.job: score(trial, by)
        for trial in trials
        if trial.ended_by != STOPPED and trial.job not in excluded
    }
    scores = {job: value for job, value in found.items() if value is not None}
    scored = [trial for trial in trials if trial.job in scores]
    sign = 1 if smallest_first else -1
    scored.sort(key=lambda trial: (sign * scores[trial.job], trial.number))
    ranks: dict[float, int] = {}
    for place, trial in enumerate(scored, start=1):
        ranks.setdefault(scores[trial.job], place)
    unscored = [trial for trial in trials if trial.job not in scores]
    return [
        *(_with_rank(trial, ranks[scores[trial.job]]) for trial in scored),
        *(_with_rank(trial, None) for trial in unscored),
    ]


def _with_rank(trial: Trial, rank: int | None) -> RankedTrial:
    return RankedTrial(rank=rank, **fields_of(trial))


def source_of(store: Store, code: str | None) -> str | None:
    """Return the text of the code with this SHA-256."""
    return None if code is None else get_artifact(store, code).decode()


class HasCode(Protocol):
    """A trial or a report with the code of its network."""

    @property
    def network(self) -> str:
        """Return the name of the network."""

    @property
    def source(self) -> str | None:
        """Return its code; None for a built-in one."""


def code_parts(documents: Sequence[HasCode]) -> list[Part]:
    """Return the code of the networks of documents that have some."""
    return [Code(f"Code of {of.network}", of.source) for of in documents if of.source is not None]
