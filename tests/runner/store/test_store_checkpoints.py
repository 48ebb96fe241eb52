"""Epochs and checkpoints: fenced, exact, and no more of them than it takes to resume."""

import math
import sys
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cifar_model.errors import DivergedError
from runner.states import AttemptState
from runner.store.engine import Store
from runner.store.lifecycle.attempts import Claim, open_attempts
from runner.store.lifecycle.checkpoints import newest_checkpoint, record_epoch
from runner.store.lifecycle.job_lifecycle import claim, finish, recover
from tests.runner.store.making import FINGERPRINT, make_claim, make_epoch, rows, run, value


def record(store: Store, claimed: Claim, number: int, fingerprint: str = FINGERPRINT) -> bool:
    checkpoint = f"attempt {claimed.attempt} epoch {number}".encode()
    return record_epoch(store, claimed.key, make_epoch(number), checkpoint, fingerprint)


def newest(store: Store, claimed: Claim, fingerprint: str = FINGERPRINT) -> bytes | None:
    return newest_checkpoint(store, claimed.job_id, fingerprint)


def checkpoints(store: Store) -> list[int]:
    with store.read() as connection:
        return list(connection.scalars(text("SELECT epoch FROM checkpoints ORDER BY epoch")))


def again(store: Store, claimed: Claim) -> Claim:
    """Lose the attempt and open the next."""
    recover(store, open_attempts(store))
    successor = claim(store, claimed.job_id, "worker")
    assert successor is not None
    return successor


def test_the_metrics_of_an_epoch_come_back_bit_for_bit(store: Store) -> None:
    claimed = make_claim(store)
    metrics: dict[str, Any] = {
        "loss": 0.1 + 0.2,
        "accuracy": 1 / 3,
        "val_loss": sys.float_info.max,
        "val_accuracy": 5e-324,
        "seconds": math.pi,
    }
    assert record_epoch(store, claimed.key, make_epoch(**metrics), b"state", FINGERPRINT)
    with store.read() as connection:
        stored = connection.execute(text("SELECT * FROM epochs")).mappings().one()
    assert {name: stored[name].hex() for name in metrics} == {
        name: metric.hex() for name, metric in metrics.items()
    }


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_not_finite_is_refused_by_name(store: Store, wrong: float) -> None:
    claimed = make_claim(store)
    with pytest.raises(DivergedError, match=r"epoch 2 of job \d+: val_loss is"):
        record_epoch(store, claimed.key, make_epoch(2, val_loss=wrong), b"state", FINGERPRINT)
    assert rows(store, "epochs") == 0
    assert rows(store, "checkpoints") == 0


@pytest.mark.parametrize("wrong", [math.inf, -math.inf])
def test_a_metric_that_is_infinite_is_impossible_even_by_hand(store: Store, wrong: float) -> None:
    record(store, make_claim(store), 1)
    with pytest.raises(IntegrityError):
        run(store, "UPDATE epochs SET loss = :wrong", wrong=wrong)


def test_an_epoch_is_a_heartbeat(store: Store) -> None:
    record(store, make_claim(store), 1)
    assert [seen.heartbeats for seen in open_attempts(store)] == [1]


def test_an_epoch_of_a_stale_attempt_changes_nothing(store: Store) -> None:
    stale = make_claim(store)
    record(store, stale, 1)
    successor = again(store, stale)
    assert not record(store, stale, 2)
    assert rows(store, "epochs") == 1
    assert record(store, successor, 2)
    assert not record(store, stale, 2)
    assert value(store, "SELECT attempt FROM epochs WHERE epoch = 2") == successor.attempt
    assert newest(store, stale) == b"attempt 2 epoch 2"


def test_the_newest_two_checkpoints_are_kept(store: Store) -> None:
    claimed = make_claim(store)
    for number in range(1, 6):
        record(store, claimed, number)
    assert checkpoints(store) == [4, 5]
    assert rows(store, "epochs") == 5
    assert newest(store, claimed) == b"attempt 1 epoch 5"


def test_an_epoch_that_is_reported_again_is_replaced(store: Store) -> None:
    claimed = make_claim(store)
    record(store, claimed, 1)
    record(store, claimed, 2)
    successor = again(store, claimed)
    record(store, successor, 2)
    assert checkpoints(store) == [1, 2]
    assert value(store, "SELECT attempt FROM epochs WHERE epoch = 2") == 2
    assert newest(store, claimed) == b"attempt 2 epoch 2"


def test_the_checkpoint_of_another_machine_is_not_resumed_from(store: Store) -> None:
    claimed = make_claim(store)
    record(store, claimed, 1)
    assert newest(store, claimed, "another machine") is None


def test_a_later_attempt_that_starts_again_has_the_newest_checkpoint(store: Store) -> None:
    first = make_claim(store)
    for number in (1, 2, 3):
        record(store, first, number)
    second = again(store, first)
    record(store, second, 1, "another machine")
    assert checkpoints(store) == [1, 3]
    assert newest(store, second, "another machine") == b"attempt 2 epoch 1"
    record(store, second, 2, "another machine")
    assert newest(store, second, "another machine") == b"attempt 2 epoch 2"
    assert newest(store, second) is None


def test_a_damaged_checkpoint_is_passed_over(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    claimed = make_claim(store)
    record(store, claimed, 1)
    record(store, claimed, 2)
    run(store, "UPDATE checkpoints SET content = :damaged WHERE epoch = 2", damaged=b"attempt")
    assert newest(store, claimed) == b"attempt 1 epoch 1"
    assert "the checkpoint of epoch 2 is damaged" in caplog.text
    run(store, "UPDATE checkpoints SET content = :damaged WHERE epoch = 1", damaged=b"")
    assert newest(store, claimed) is None


@pytest.mark.parametrize(
    ("end", "left"),
    [
        (AttemptState.SUCCEEDED, []),
        (AttemptState.CANCELLED, [1]),
        (AttemptState.FAILED, [1]),
        (AttemptState.RELEASED, [1]),
    ],
)
def test_checkpoints_vanish_with_a_result_and_stay_where_the_job_may_go_on(
    store: Store, end: AttemptState, left: list[int]
) -> None:
    claimed = make_claim(store)
    record(store, claimed, 1)
    finish(store, claimed.key, end)
    assert checkpoints(store) == left
    assert rows(store, "epochs") == 1


def test_the_checkpoints_of_a_lost_attempt_stay(store: Store) -> None:
    claimed = make_claim(store)
    record(store, claimed, 1)
    again(store, claimed)
    assert newest(store, claimed) == b"attempt 1 epoch 1"


def test_checkpoints_of_one_job_are_not_those_of_another_with_the_same_bytes(store: Store) -> None:
    first, second = make_claim(store, "first"), make_claim(store, "second")
    record(store, first, 1)
    record(store, second, 1)
    finish(store, first.key, AttemptState.SUCCEEDED)
    assert newest(store, second) == b"attempt 1 epoch 1"
