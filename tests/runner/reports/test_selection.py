"""The best of many trials carries a note on selection bias, and one score on the test split."""

from pathlib import Path

from runner.reports.experiment.document import report_document
from runner.reports.experiment.view import report_parts
from runner.reports.formats.terminal import as_terminal
from runner.reports.model import Table
from runner.store.engine import Store
from tests.runner.reports.stored import store_evaluation, store_tune


def test_the_winner_s_test_score_is_told_once_however_often_it_was_measured(store: Store) -> None:
    tune = store_tune(store, [[0.9], [0.8], [0.1]])
    winner = report_document(store, tune).trials[0].trial
    for _ in range(3):
        newest = store_evaluation(store, winner)
    document = report_document(store, tune)
    [evaluation] = report_document(store, newest).evaluations
    assert document.winner is not None
    assert document.winner.test is not None
    assert document.winner.test.evaluation == evaluation.evaluation
    parts = report_parts(document, [])
    text = as_terminal("", parts, Path())
    assert text.count("on the test split, which was not used for selection") == 1
    assert text.count("0.70 (0.40 to 0.89)") == 1
    assert (
        f"Trial {winner} is the best of 3, so its val_accuracy is biased upwards by selection"
        in text
    )
    # No table ranks by it, so that it cannot choose either.
    columns = {name for part in parts if isinstance(part, Table) for name in part.columns}
    assert not any("test" in name for name in columns)


def test_a_single_trial_was_not_chosen_and_gains_nothing(store: Store) -> None:
    document = report_document(store, store_tune(store, [[0.9]]))
    assert document.winner is not None
    assert document.winner.expected_max_gain == document.winner.luck == 0
    assert "biased upwards" not in as_terminal("", report_parts(document, []), Path())
