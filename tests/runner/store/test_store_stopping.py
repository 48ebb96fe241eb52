"""Trials that are behind are stopped by what the store has, in the order of the reports."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cifar_model.objective import STOPPED
from runner.bundle.exporting import export_bundle
from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.states import AttemptState, Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.attempts import Claim
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.results import write_trial
from runner.store.lifecycle.tuning.stopping import Report, asks_to_stop, bracket, goes_on, is_asked
from tests.runner.store.making import (
    DATASET,
    FINGERPRINT,
    InProcesses,
    job_ids,
    make_epoch,
    make_experiment,
    make_worker,
    value,
)

EPOCHS = 10


def claims(store: Store, jobs: int) -> list[Claim]:
    """Claim the jobs of a new experiment, each for a worker of its own."""
    params = [{"params": {"epochs": EPOCHS, "dropout": 0.01 * n}} for n in range(jobs)]
    configuration: dict[str, Any] = {"dataset": DATASET, "epochs": None, "threads": 1}
    experiment = make_experiment(store, params, kind=Kind.TUNE, configuration=configuration)
    found = [claim(store, job, make_worker(store, str(job))) for job in job_ids(store, experiment)]
    return [each for each in found if each is not None]


def report(store: Store, claimed: Claim, epoch: int, accuracy: float, rule: str) -> bool | None:
    """Record an epoch and ask whether the trial ends."""
    assert record_epoch(
        store, claimed.key, make_epoch(epoch, val_accuracy=accuracy), b"state", FINGERPRINT
    )
    return asks_to_stop(store, claimed, rule, epoch, EPOCHS)


def end(store: Store, claimed: Claim, ended_by: str) -> None:
    assert finish(
        store,
        claimed.key,
        AttemptState.SUCCEEDED,
        write=lambda connection: write_trial(
            connection, claimed, b"weights", FINGERPRINT, ended_by
        ),
    )


def test_asha_asks_at_its_rungs_and_never_after_the_last_epoch() -> None:
    assert [epoch for epoch in range(1, 28) if is_asked("asha", 1, epoch, 27)] == [1, 3, 9]
    assert [epoch for epoch in range(1, 4) if is_asked("median", 1, epoch, 4)] == [2, 3]
    # Each trial of Hyperband begins at the rung of its bracket.
    assert [bracket("hyperband", number, 27) for number in range(1, 6)] == [0, 1, 2, 0, 1]
    assert [epoch for epoch in range(1, 28) if is_asked("hyperband", 3, epoch, 27)] == [9]
    assert not is_asked("hyperband", 1, 1, 1)


@pytest.mark.parametrize(
    ("value", "others", "expected"),
    [
        # The first at a rung, the best of few, and the best third of many.
        (0.5, [], True),
        (0.5, [0.4], True),
        (0.5, [0.6], False),
        (0.5, [0.1, 0.2, 0.3, 0.6, 0.7], False),
        (0.65, [0.1, 0.2, 0.3, 0.6, 0.7], True),
        (0.7, [0.1, 0.2, 0.3, 0.6, 0.7], True),
    ],
)
def test_asha_keeps_the_best_third_of_those_that_came_before(
    value: float, others: list[float], expected: bool
) -> None:
    assert goes_on("asha", Report(value, value), others) is expected


def test_the_median_rule_compares_the_best_so_far_with_at_least_five_others() -> None:
    assert goes_on("median", Report(0.1, 0.1), [0.5] * 4)
    assert not goes_on("median", Report(0.1, 0.1), [0.5] * 5)
    assert goes_on("median", Report(0.1, 0.5), [0.5] * 5)


def test_a_trial_that_is_behind_is_stopped_and_gets_the_same_answer_again(store: Store) -> None:
    first, second, third = claims(store, 3)
    assert report(store, first, 1, 0.5, "asha") is False
    assert report(store, second, 1, 0.4, "asha") is True
    assert report(store, third, 1, 0.9, "asha") is False
    # It was asked before the third came; a resumed trial goes on as it did.
    assert asks_to_stop(store, first, "asha", 1, EPOCHS) is False
    assert asks_to_stop(store, second, "asha", 1, EPOCHS) is True
    assert report(store, third, 2, 0.1, "asha") is False
    asked = "SELECT count(*) FROM events WHERE name IN ('continued', 'stopped_early')"
    assert value(store, asked) == 3


def test_a_worker_that_lost_its_trial_is_not_answered(store: Store) -> None:
    (only,) = claims(store, 1)
    assert report(store, only, 1, 0.5, "asha") is False
    assert finish(store, only.key, AttemptState.RELEASED)
    assert asks_to_stop(store, only, "asha", 1, EPOCHS) is None


def test_trials_that_report_at_once_are_asked_one_after_another(
    store: Store, in_processes: InProcesses
) -> None:
    waiting = claims(store, 6)
    scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    ask: Callable[[int], Any] = lambda n: report(store, waiting[n], 1, scores[n], "asha")  # noqa: E731 (one line)
    stopped = in_processes(6, ask)
    # Whatever the order was, the answers are those of the events in their order.
    with store.read() as connection:
        order = connection.exec_driver_sql(
            "SELECT job_id, name FROM events WHERE name IN ('continued', 'stopped_early')"
            " ORDER BY id"
        ).all()
    number = {each.job_id: n for n, each in enumerate(waiting)}
    before: list[float] = []
    for job, name in order:
        score = scores[number[job]]
        assert (name == "continued") is goes_on("asha", Report(score, score), before)
        assert stopped[number[job]] is (name != "continued")
        before.append(score)
    assert len(before) == 6


def test_a_stopped_trial_has_no_rank_and_no_bundle_and_its_params_keep_their_epochs(
    store: Store, tmp_path: Path
) -> None:
    first, second = claims(store, 2)
    assert report(store, first, 1, 0.5, "asha") is False
    end(store, first, "epochs")
    assert record_epoch(store, second.key, make_epoch(1, val_accuracy=0.9), b"state", FINGERPRINT)
    end(store, second, STOPPED)
    document = report_document(store, first.experiment_id)
    assert [(trial.rank, trial.ended_by) for trial in document.ranked] == [
        (1, "epochs"),
        (None, STOPPED),
    ]
    assert document.ranked[1].params["epochs"] == EPOCHS
    assert document.winner is not None
    assert document.winner.trial == document.ranked[0].trial
    stopped = document.ranked[1].trial
    assert stopped is not None
    assert queries.trial(store, stopped).params["epochs"] == EPOCHS
    with pytest.raises(InputError, match="was stopped early, after epoch 1"):
        export_bundle(store, stopped, tmp_path / "bundle")
