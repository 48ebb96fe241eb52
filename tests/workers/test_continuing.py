"""A trial that was stopped early goes on as if it had never been stopped."""

from dataclasses import replace

import pytest

from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.records import RankedTrial
from runner.store import queries
from runner.store.lifecycle.unused import remove_checkpoints
from runner.submit.continuing import continue_trial
from runner.submit.experiments import new_train, save
from tests.workers.test_early_stopping import TINY, TRAINING, submitted, trained
from workers import tasks
from workers.context import Context


def continued(worker: Context, trial: int, epochs: int | None = None) -> RankedTrial:
    """Continue a trial, and return the trial that comes of it."""
    experiment = continue_trial(worker.store, trial, epochs, fresh=True).experiment
    [job] = queries.jobs(worker.store, experiment)
    tasks.train.apply(args=(job.id,), throw=True)
    [found] = report_document(worker.store, experiment).ranked
    return found


def never_stopped(worker: Context, epochs: int) -> RankedTrial:
    plain = replace(TRAINING, stop=None, epochs=epochs)
    new = new_train(worker.settings, plain, {**TINY, "lr": 1e-8})
    [job] = queries.jobs(worker.store, save(worker.store, new))
    tasks.train.apply(args=(job.id,), throw=True)
    [found] = report_document(worker.store, job.experiment_id).ranked
    return found


def numbers(trial: RankedTrial) -> list[object]:
    """Return all that a training decides: the weights and every metric of every epoch."""
    epochs = [(of.epoch, of.loss, of.accuracy, of.val_loss, of.val_accuracy) for of in trial.epochs]
    return [trial.model, trial.trained_epochs, trial.ended_by, trial.params["epochs"], epochs]


def test_a_stopped_trial_goes_on_to_the_bit_as_if_it_had_never_been_stopped(
    worker: Context,
) -> None:
    experiment = submitted(worker)
    stopped, whole = trained(worker, experiment)
    assert stopped.trial is not None
    assert whole.trial is not None

    # To the end of its params, from its checkpoint: the first epoch is not trained again.
    plain, gone_on = never_stopped(worker, 3), continued(worker, stopped.trial)
    assert numbers(gone_on) == numbers(plain)
    assert gone_on.epochs[0].seconds == stopped.epochs[0].seconds
    # Its own experiment ranks it; the first keeps exactly its trials, and their ranks.
    assert trained(worker, experiment) == [stopped, whole]
    assert gone_on.rank == 1

    # For more epochs than its params had, and without its checkpoint: from the first epoch.
    plain = never_stopped(worker, 4)
    assert numbers(continued(worker, stopped.trial, 4)) == numbers(plain)
    remove_checkpoints(worker.store)
    assert not continue_trial(worker.store, stopped.trial, 4).resumes
    assert numbers(continued(worker, stopped.trial, 4)) == numbers(plain)

    with pytest.raises(InputError, match="was trained for 3 epochs already"):
        continue_trial(worker.store, whole.trial, None)
    assert continued(worker, whole.trial, 4).trained_epochs == 4
