"""The results of an equal trial become those of a job, whole and on their own."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from cifar_model.objective import STOPPED
from runner.api.delivery import experiment_document
from runner.cli.live.overview import experiment_text
from runner.reports.experiment.document import report_document
from runner.reports.experiment.view import brief_parts
from runner.reports.formats.terminal import View
from runner.reports.leaderboard import leaderboard_document
from runner.reports.model import Table
from runner.states import AttemptState
from runner.store.artifacts import get_artifact
from runner.store.copies.reading import read_experiments
from runner.store.copies.writing import write_copy
from runner.store.engine import Store, open_store
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.deletion import delete_experiments
from runner.store.lifecycle.job_lifecycle import finish
from runner.store.lifecycle.results import write_trial
from runner.store.lifecycle.tuning.reuse import GoneError, find_equal, identify, write_reused
from runner.store.lifecycle.unused import remove_artifacts
from runner.store.queries.leaderboard import Scope
from runner.store.schema import Trial
from tests.runner.store.making import FINGERPRINT, make_claim, make_epoch, make_trial, value

IDENTITY = "0" * 64


def train(store: Store, worker: str, ended_by: str = "epochs") -> Claim:
    """Train a trial of two epochs that can be found."""
    claimed = make_claim(store, worker)
    for number in (1, 2):
        assert record_epoch(store, claimed.key, make_epoch(number), b"state", FINGERPRINT)

    def write(connection: Connection) -> None:
        trial = write_trial(connection, claimed, b"weights", FINGERPRINT, ended_by)
        identify(connection, trial, IDENTITY)

    assert finish(store, claimed.key, AttemptState.SUCCEEDED, write=write)
    return claimed


def reuse(store: Store, worker: str) -> Claim:
    """End a job with the results of the trial that can be found."""
    claimed, equal = make_claim(store, worker), find_equal(store, IDENTITY)
    assert equal is not None

    def write(connection: Connection) -> None:
        trial = write_reused(connection, claimed.key, claimed, equal, b"weights")
        identify(connection, trial, IDENTITY)

    assert finish(store, claimed.key, AttemptState.SUCCEEDED, write=write)
    return claimed


def test_all_results_are_copied_and_stay_when_the_first_is_deleted(store: Store) -> None:
    first = train(store, "first")
    second = reuse(store, "second")
    [trained] = report_document(store, first.experiment_id).ranked
    [copied] = report_document(store, second.experiment_id).ranked
    assert (copied.epochs, copied.model, copied.seconds) == (
        trained.epochs,
        trained.model,
        trained.seconds,
    )
    assert copied.reused == trained.trial
    told = f"SELECT detail FROM events WHERE name = 'reused' AND job_id = {second.job_id}"  # noqa: S608 (our own)
    assert value(store, told) == f"trial {trained.trial}"

    delete_experiments(store, [first.experiment_id])
    assert remove_artifacts(store).count == 0
    assert report_document(store, second.experiment_id).ranked == [copied]
    assert get_artifact(store, str(copied.model)) == b"weights"
    # The number is that of the trial that was trained, not of the copy.
    third = reuse(store, "third")
    assert report_document(store, third.experiment_id).ranked[0].reused == trained.trial


def test_nothing_is_written_if_the_trial_was_deleted_meanwhile(store: Store) -> None:
    first = train(store, "first")
    claimed, equal = make_claim(store, "second"), find_equal(store, IDENTITY)
    assert equal is not None
    delete_experiments(store, [first.experiment_id])

    def write(connection: Connection) -> None:
        write_reused(connection, claimed.key, claimed, equal, b"weights")

    with pytest.raises(GoneError):
        finish(store, claimed.key, AttemptState.SUCCEEDED, write=write)
    [row] = report_document(store, claimed.experiment_id).trials
    assert (row.state, row.trial, row.epochs) == ("running", None, [])
    assert finish(store, claimed.key, AttemptState.RELEASED)


def test_a_trial_that_was_stopped_cannot_be_found(store: Store) -> None:
    stopped = train(store, "first", STOPPED)
    with store.read() as connection:
        found = select(Trial.identity).where(Trial.job_id == stopped.job_id)
        assert connection.scalars(found).one() is None
    assert find_equal(store, IDENTITY) is None


def test_tables_show_the_trial_that_was_trained_where_there_is_one(sqlite_store: Store) -> None:
    first, second = train(sqlite_store, "first"), reuse(sqlite_store, "second")
    for claimed, shown in ((first, False), (second, True)):
        document = report_document(sqlite_store, claimed.experiment_id)
        [table] = [part for part in brief_parts(document) if isinstance(part, Table)]
        assert ("reused" in table.columns) is shown
        status = experiment_document(sqlite_store, claimed.experiment_id)
        assert status.jobs[0].reused == document.ranked[0].reused
        assert ("reused" in experiment_text(sqlite_store, status, View(), None)) is shown


def test_results_that_are_reused_count_once_in_how_much_the_best_is_luck(store: Store) -> None:
    train(store, "first")
    reuse(store, "second")
    document = leaderboard_document(store, Scope(), None, 10)
    assert (document.count, len(document.trials)) == (2, 2)
    assert document.winner is not None
    assert document.winner.chosen_from == 1


def test_in_another_store_it_names_the_copy_of_that_trial_and_is_not_reused_there(
    sqlite_store: Store, tmp_path: Path
) -> None:
    first, second = train(sqlite_store, "first"), reuse(sqlite_store, "second")
    there = open_store(f"sqlite:///{tmp_path / 'there.db'}")
    make_trial(there)
    for experiments, named in (([second.experiment_id], None), ([first.experiment_id], None)):
        rows = read_experiments(sqlite_store, experiments, weights=True)
        write_copy(there, rows, lambda _: b"weights")
        assert value(there, "SELECT reused FROM trials ORDER BY id DESC LIMIT 1") is named
    for copied in (2, 3):
        delete_experiments(there, [copied])
    both = read_experiments(sqlite_store, [first.experiment_id, second.experiment_id], weights=True)
    write_copy(there, both, lambda _: b"weights")
    assert value(there, "SELECT reused FROM trials ORDER BY id DESC LIMIT 1") == 4
    assert find_equal(there, IDENTITY) is None
    there.close()
