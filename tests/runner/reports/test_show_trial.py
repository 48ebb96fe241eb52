"""All that is known of one trial or job is shown."""

import pytest

from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.trial import trial_document, trial_text
from runner.store.engine import Store
from tests.runner.reports.stored import SHOWN_DATASET, store_evaluation, store_failure, store_tune
from tests.runner.store.making import job_ids


def test_a_trial_is_shown_with_its_epochs_attempts_and_evaluations(store: Store) -> None:
    evaluation = store_evaluation(store)
    made = _only_trial(store)
    document = trial_document(store, trial=made)
    assert [epoch.epoch for epoch in document.epochs] == [1]
    [attempt] = document.attempt_details
    assert (attempt.state, attempt.host, attempt.device) == ("succeeded", "host", "cpu")
    assert attempt.ended_at is not None
    assert attempt.started_at <= attempt.ended_at
    assert [row.accuracy for row in document.evaluations] == [0.7]
    assert document.experiment != evaluation
    text = trial_text(document)
    for shown in (
        "Learning curves",
        "▅",
        "val_accuracy",
        "lr",
        "0.40 to 0.89",
        attempt.worker,
        SHOWN_DATASET,
    ):
        assert shown in text


def test_a_failed_job_is_shown_with_its_reason_and_traceback(store: Store) -> None:
    [job] = job_ids(store, store_tune(store, [[]]))
    store_failure(store, job, "diverged: loss is nan")
    document = trial_document(store, job=job)
    assert (document.trial, document.state) == (None, "failed")
    text = trial_text(document)
    assert "diverged: loss is nan" in text
    assert "DivergedError: nan" in text


def test_a_job_that_trains_nothing_is_shown(store: Store) -> None:
    [job] = job_ids(store, store_evaluation(store))
    document = trial_document(store, job=job)
    assert (document.kind, document.params, document.epochs) == ("evaluate", {}, [])
    assert "evaluate" in trial_text(document)


def test_an_unknown_trial_or_job_is_refused_naming_those_there_are(store: Store) -> None:
    with pytest.raises(InputError, match="no trial 9: the database has no trials yet"):
        trial_document(store, trial=9)
    [job] = job_ids(store, store_tune(store, [[0.5]]))
    with pytest.raises(InputError, match=f"the newest are {job}"):
        trial_document(store, job=job + 1)
    with pytest.raises(InputError, match=f"the newest are {_only_trial(store)}"):
        trial_document(store, trial=_only_trial(store) + 1)


def _only_trial(store: Store) -> int:
    [trial] = report_document(store, None).trials
    assert trial.trial is not None
    return trial.trial
