"""An epoch that is trained twice: the same numbers, or a mark that stays."""

import pytest

from cifar_model.results import LOSS_RULE
from runner.reports.experiment.document import report_document
from runner.reports.experiment.spreadsheet import spreadsheet_rows
from runner.reports.experiment.view import report_parts
from runner.reports.model import Note
from runner.reports.trial import trial_document, trial_text
from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle.attempts import Claim, open_attempts
from runner.store.lifecycle.checkpoints import newest_checkpoint, record_epoch
from runner.store.lifecycle.control import Target, retry
from runner.store.lifecycle.job_lifecycle import claim, finish, recover
from runner.store.lifecycle.results import write_trial
from tests.runner.reports.stored import store_tune, train_epochs
from tests.runner.store.making import (
    FINGERPRINT,
    job_ids,
    make_epoch,
    make_worker,
    rows,
    run,
    value,
)


def train_first_epoch(store: Store) -> Claim:
    (job,) = job_ids(store, store_tune(store, [[]]))
    return train_epochs(store, job, [0.5])


def train_it_again(store: Store, first: Claim, fingerprint: str, **changes: float) -> None:
    """Lose the attempt and let the next one report the first epoch."""
    recover(store, open_attempts(store))
    successor = claim(store, first.job_id, f"worker of job {first.job_id}")
    assert successor is not None
    epoch = make_epoch(1, **({"val_accuracy": 0.5, "val_loss": 3.0} | changes))
    assert record_epoch(store, successor.key, epoch, b"", fingerprint)


def mark(store: Store) -> str | None:
    marked: str | None = value(store, "SELECT not_reproducible FROM jobs")
    return marked


def event(store: Store, name: str) -> str | None:
    statement = "SELECT detail FROM events WHERE name = :name"
    detail: str | None = value(store, statement, name=name)
    return detail


def test_an_epoch_trained_again_with_the_same_numbers_is_reproducible(store: Store) -> None:
    train_it_again(store, train_first_epoch(store), FINGERPRINT, seconds=99.0)
    assert mark(store) is None
    assert rows(store, "epochs") == 1


def test_a_val_loss_of_another_rule_is_not_compared(store: Store) -> None:
    first = train_first_epoch(store)
    run(store, "UPDATE epochs SET loss_rule = 1, val_loss = 3.5")
    train_it_again(store, first, FINGERPRINT)
    assert mark(store) is None
    assert value(store, "SELECT loss_rule FROM epochs") == LOSS_RULE


@pytest.mark.parametrize("metric", ["loss", "accuracy", "val_loss", "val_accuracy"])
def test_one_other_bit_marks_the_job(store: Store, metric: str) -> None:
    first = train_first_epoch(store)
    before = value(store, f"SELECT {metric} FROM epochs")  # noqa: S608 (our own names)
    train_it_again(store, first, FINGERPRINT, **{metric: before + 2**-50})
    detail = f"epoch 1, attempts 1 -> 2: {metric} {before!r} -> {before + 2**-50!r}"
    assert mark(store) == event(store, "not reproducible") == detail


def test_the_mark_names_the_first_difference_and_stays(store: Store) -> None:
    first = train_first_epoch(store)
    train_it_again(store, first, FINGERPRINT, loss=7.0)
    marked = mark(store)
    train_it_again(store, first, FINGERPRINT, loss=8.0)
    assert marked is not None
    assert mark(store) == marked


def test_another_machine_may_give_other_numbers_and_is_named(store: Store) -> None:
    train_it_again(store, train_first_epoch(store), "another machine", loss=7.0)
    assert mark(store) is None
    noted = event(store, "trained again on another machine")
    assert noted == ("epoch 1: attempt 1 trained it on one machine, attempt 2 on another machine")


@pytest.mark.parametrize(("any_machine", "found"), [(True, b"state"), (False, None)])
def test_another_machine_goes_on_only_if_asked_and_then_every_report_says_so(
    store: Store, any_machine: bool, found: bytes | None
) -> None:
    (job,) = job_ids(store, store_tune(store, [[]]))
    first = claim(store, job, make_worker(store))
    assert first is not None
    assert record_epoch(store, first.key, make_epoch(1), b"state", FINGERPRINT)
    finish(store, first.key, AttemptState.FAILED, reason="moved")
    assert retry(store, Target(job=job), any_machine=any_machine) == [job]
    assert newest_checkpoint(store, job, "another machine") == found

    second = claim(store, job, "worker")
    assert second is not None
    for epoch in [2] if any_machine else [1, 2]:
        assert record_epoch(store, second.key, make_epoch(epoch), b"state", "another machine")
    finish(
        store,
        second.key,
        AttemptState.SUCCEEDED,
        write=lambda connection: write_trial(connection, second, b"", "another machine"),
    )
    document = report_document(store, first.experiment_id)
    assert mark(store) is None
    parts = report_parts(document, [])
    warnings = [part.text for part in parts if isinstance(part, Note) and part.warning]
    words = f"{FINGERPRINT}, then another machine"
    assert any(words in warning for warning in warnings) == any_machine
    assert (words in str(spreadsheet_rows(document))) == any_machine
    shown = trial_document(store, job=job).fingerprints
    assert shown == ([FINGERPRINT] if any_machine else []) + ["another machine"]


def test_every_report_says_that_a_trial_is_not_reproducible(store: Store) -> None:
    first = train_first_epoch(store)
    train_it_again(store, first, FINGERPRINT, loss=7.0)
    detail = mark(store)
    assert detail is not None
    document = report_document(store, first.experiment_id)
    assert document.trials[0].not_reproducible == detail
    warnings = [
        part.text
        for part in report_parts(document, [])
        if isinstance(part, Note) and part.warning and "not reproducible" in part.text
    ]
    assert [detail in warning for warning in warnings] == [True]
    assert detail in str(spreadsheet_rows(document))
    assert detail in trial_text(trial_document(store, job=first.job_id))
