"""The columns of the live page have the values of a leaderboard."""

from typing import Any

from runner.reports.leaderboard import leaderboard_document
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope
from runner.ui.ranking import ranking
from tests.runner.reports.stored import store_failure, store_seeds, store_tune
from tests.runner.store.making import job_ids

NAMES = (
    *("rank", "trial", "job", "noise", "seed", "accuracy", "val_accuracy", "best_val_accuracy"),
    *("loss", "val_loss", "seconds", "trained_epochs", "ended_by", "best_epoch", "reused"),
)


def assert_same(store: Store, scope: Scope) -> dict[str, list[Any]]:
    """Compare the columns with the trials of the leaderboard, and return the columns."""
    found, board = ranking(store, scope), leaderboard_document(store, scope, None, 100)
    assert (found.by, found.order) == (board.by, board.order)
    assert (found.winner, found.influence) == (board.winner, board.influence)
    columns = found.columns
    for name in NAMES:
        assert columns[name] == [getattr(trial, name) for trial in board.trials], name
    assert columns["interval"] == [trial.val_accuracy_interval for trial in board.trials]
    for kind in ("params", "metrics"):
        own = [getattr(trial, kind) for trial in board.trials]
        names = {name for each in own for name in each}
        assert {f"{kind}.{name}" for name in names} == {c for c in columns if c.startswith(kind)}
        for name in names:
            assert columns[f"{kind}.{name}"] == [each.get(name) for each in own], name
    return columns


def test_ties_share_a_rank_and_the_best_is_compared_with_all_others(store: Store) -> None:
    number = store_tune(store, [[0.9], [0.2, 0.8], [0.9], [0.1], []], override=2)
    store_failure(store, job_ids(store, number)[4], "diverged")
    columns = assert_same(store, Scope([number]))
    assert columns["rank"] == [1, 1, 3, 4]
    assert columns["noise"] == [None, True, True, False]


def test_trials_with_other_images_or_other_params_have_no_verdict_or_no_value(store: Store) -> None:
    own = store_seeds(store, [(seed, {"lr": 0.1}, [0.9 - seed / 100]) for seed in range(3)])
    other = store_seeds(store, [(1, {"batch_size": 7}, [0.8])], fingerprint="f" * 64)
    columns = assert_same(store, Scope([own, other]))
    assert columns["noise"] == [None, True, True, None]


def test_an_experiment_without_trials_has_empty_columns(store: Store) -> None:
    columns = assert_same(store, Scope([store_tune(store, [[], []])]))
    assert not any(columns.values())
