"""What comes late for a deleted job, and what is used while unused bytes are removed."""

from threading import Thread

import pytest

from runner.errors import InputError
from runner.states import AttemptState, Kind
from runner.store.artifacts import put_artifact
from runner.store.engine import Store
from runner.store.lifecycle.attempts import Signal
from runner.store.lifecycle.control import Target, retry
from runner.store.lifecycle.deletion import delete_experiments
from runner.store.lifecycle.job_lifecycle import claim, finish, heartbeat, tell
from runner.store.lifecycle.unused import NOTHING, remove_artifacts, unused_artifacts
from tests.runner.store.making import DATASET, make_claim, make_experiment, make_trial, rows, run


def test_whatever_comes_late_for_a_deleted_job_changes_nothing(store: Store) -> None:
    late = make_claim(store)
    assert finish(store, late.key, AttemptState.FAILED)
    delete_experiments(store, [late.experiment_id])
    assert claim(store, late.job_id, "worker") is None
    assert heartbeat(store, late.key) is Signal.STALE
    assert tell(store, late.key, "device_lost", "words") == 0
    assert not finish(store, late.key, AttemptState.SUCCEEDED)
    with pytest.raises(InputError, match="there is no job"):
        retry(store, Target(job=late.job_id))
    assert rows(store, "events") == 0
    assert make_claim(store).job_id > late.job_id


def test_what_was_deleted_can_be_deleted_again_and_what_never_was_is_refused(store: Store) -> None:
    late = make_claim(store)
    assert finish(store, late.key, AttemptState.FAILED)
    assert delete_experiments(store, [late.experiment_id]) == [late.experiment_id]
    assert delete_experiments(store, [late.experiment_id]) == []
    with pytest.raises(InputError, match="there is no experiment 999"):
        delete_experiments(store, [999])


def test_an_experiment_about_a_trial_that_was_deleted_is_refused(store: Store) -> None:
    about = {"dataset": DATASET, "threads": 1, "trial": make_trial(store) + 1, "split": "test"}
    before = rows(store, "experiments")
    with pytest.raises(InputError, match="was deleted"):
        make_experiment(store, [{}], kind=Kind.EVALUATE, configuration=about)
    assert rows(store, "experiments") == before


def test_a_trial_that_a_pending_job_is_about_stays(store: Store) -> None:
    trial = make_trial(store)
    about = {"dataset": DATASET, "threads": 1, "trial": trial, "split": "test"}
    user = make_experiment(store, [{}], kind=Kind.EVALUATE, configuration=about)
    with pytest.raises(InputError, match=f"about trials of these: {user}"):
        delete_experiments(store, [user - 1])


def test_bytes_that_a_result_begins_to_use_meanwhile_are_not_removed(store: Store) -> None:
    make_trial(store)
    with store.write() as connection:
        put_artifact(connection, b"loose")
    assert unused_artifacts(store).count >= 1
    with store.write() as connection:
        name = put_artifact(connection, b"loose")
        removing = Thread(target=remove_artifacts, args=(store,))
        removing.start()
        # It waits for this transaction, or comes to these bytes after it.
        removing.join(0.3)
        connection.exec_driver_sql(f"UPDATE trials SET model = '{name}'")  # noqa: S608 (our own)
    removing.join(60)
    assert not removing.is_alive()
    # The trial's earlier model is unused only now; what is used stays.
    remove_artifacts(store)
    assert unused_artifacts(store) == NOTHING
    run(store, "UPDATE trials SET loss = loss")
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM artifacts").scalar() == 1
