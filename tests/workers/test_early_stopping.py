"""A trial that is behind ends early, whether its worker is interrupted or not."""

from cifar_model.data import DatasetSpec
from cifar_model.objective import STOPPED
from runner.reports.experiment.document import report_document
from runner.reports.records import RankedTrial
from runner.states import JobState
from runner.store import queries
from runner.submit.experiments import Training, new_tune, save
from workers import tasks
from workers.attempt import execute
from workers.context import Context
from workers.drain import drain

TINY = {"blocks": 1, "filters": 2, "batch_size": 16, "batch_norm_momentum": 0.9}
DIGITS = DatasetSpec("digits", train_size=48)
# The second is the worse: at the first rung it learns nothing.
GRID = {name: [value] for name, value in TINY.items()} | {"lr": [0.01, 1e-8]}
TRAINING = Training(DIGITS, epochs=3, threads=1, seed=5, stop="asha", fresh=True)


def submitted(worker: Context) -> int:
    return save(worker.store, new_tune(worker.settings, TRAINING, GRID, (1.0, "sobol")))


def trained(worker: Context, experiment: int) -> list[RankedTrial]:
    """Run the jobs, the best params first; return the trials by the number of their job."""
    jobs = sorted(
        queries.jobs(worker.store, experiment),
        key=lambda job: -job.configuration["params"]["lr"],
    )
    for job in jobs:
        if job.state == JobState.PENDING:
            tasks.tune.apply(args=(job.id,), throw=True)
    return sorted(
        report_document(worker.store, experiment).ranked, key=lambda trial: trial.params["lr"]
    )


def drain_after_the_first_epoch(text: str) -> None:
    if text.startswith("epoch 1/"):
        drain.set()


def test_a_trial_that_is_behind_is_stopped_also_if_it_was_interrupted_there(
    worker: Context,
) -> None:
    plain = trained(worker, submitted(worker))
    assert [(trial.trained_epochs, trial.ended_by, trial.rank) for trial in plain] == [
        (1, STOPPED, None),
        (3, "epochs", 1),
    ]
    assert all(trial.state == JobState.SUCCEEDED for trial in plain)

    experiment = submitted(worker)
    for job in queries.jobs(worker.store, experiment):
        execute(job.id, tasks.work, drain_after_the_first_epoch)
        drain.clear()
    resumed = trained(worker, experiment)
    assert [trial.attempts for trial in resumed] == [2, 2]
    assert [trial.model for trial in resumed] == [trial.model for trial in plain]
    assert [trial.ended_by for trial in resumed] == [trial.ended_by for trial in plain]
