"""A k-fold is reported by its mean, and its interval allows for what the folds share."""

from pathlib import Path

import pytest
from scipy.stats import t

from runner.reports.experiment.document import report_document
from runner.reports.experiment.view import report_parts
from runner.reports.formats.terminal import as_terminal
from runner.reports.stats.uncertainty import fold_interval
from runner.store.engine import Store
from tests.runner.reports.stored import store_folds


def test_every_fold_has_its_score_and_the_mean_its_interval(store: Store) -> None:
    document = report_document(store, store_folds(store, [0.7, 0.5, 0.6], 3))
    assert [row.fold for row in document.evaluations] == [1, 2, 3]
    folds = document.folds
    assert folds is not None
    assert (folds.folds, folds.done) == (3, 3)
    assert [folds.mean, folds.spread] == pytest.approx([0.6, 0.1])
    assert folds.talos_f1 == pytest.approx(0.9)
    text = as_terminal("", report_parts(document, []), Path())
    assert "3 of 3 folds: mean accuracy 0.60" in text
    assert "talos_f1 is a different score" in text


def test_the_interval_is_wider_than_if_the_folds_shared_nothing() -> None:
    scores = [0.7, 0.72, 0.69, 0.71, 0.68]
    low, high = fold_interval(scores)
    naive = t.interval(0.95, 4, 0.7, 0.0158114 / 5**0.5)
    # Nadeau and Bengio: 1/K + 1/(K-1) in the place of 1/K.
    assert (high - low) / (naive[1] - naive[0]) == pytest.approx((1 + 5 / 4) ** 0.5, rel=1e-4)


def test_an_interval_waits_for_the_last_fold(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_folds(sqlite_store, [0.7, 0.5], 3))
    assert document.folds is not None
    assert (document.folds.done, document.folds.interval) == (2, None)
    nothing = report_document(sqlite_store, store_folds(sqlite_store, [], 3))
    assert nothing.folds is not None
    assert nothing.folds.mean is None
    assert "jobs have no result" in as_terminal("", report_parts(nothing, []), Path())
