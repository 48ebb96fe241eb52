"""Every form of a report shows what was trained, also of an older store that kept it apart."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from runner.reports.experiment.document import report_document
from runner.reports.experiment.report import experiment_report
from runner.reports.filters import read_conditions
from runner.reports.leaderboard import leaderboard_document
from runner.reports.output import choose_destination, write_report
from runner.reports.stats.ranking import effective
from runner.reports.trial import trial_document
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.job_lifecycle import claim
from runner.store.queries.leaderboard import Scope
from tests.runner.reports.stored import store_tune
from tests.runner.store.making import job_ids, make_worker

TRAINED = 2


@pytest.fixture
def experiment(store: Store) -> int:
    """Store what an earlier version left: the epochs of the grid, and `--epochs` beside them."""
    return store_tune(store, [[0.5, 0.6], [0.1, 0.2], []], override=TRAINED, epochs=8)


def test_reports_and_leaderboards_show_it(store: Store, experiment: int) -> None:
    trials = report_document(store, experiment).trials
    # The last one has not begun.
    assert [trial.params["epochs"] for trial in trials] == [TRAINED] * 3
    made = trials[0].trial
    assert made is not None
    assert trial_document(store, trial=made).params["epochs"] == TRAINED
    assert queries.trial(store, made).params["epochs"] == TRAINED
    board = leaderboard_document(store, Scope([experiment]), "val_accuracy", 20)
    assert [trial.params["epochs"] for trial in board.trials] == [TRAINED] * 2


@pytest.mark.parametrize(("where", "count"), [("epochs=2", 2), ("epochs=8", 0), ("epochs<8", 2)])
def test_a_filter_asks_for_it(store: Store, experiment: int, where: str, count: int) -> None:
    scope = Scope([experiment], read_conditions((where,)))
    assert leaderboard_document(store, scope, "val_accuracy", 20).count == count


def test_a_job_that_is_still_pending_trains_it(store: Store, experiment: int) -> None:
    pending = job_ids(store, experiment)[2]
    [sent] = queries.jobs_to_send(store, [pending])
    claimed = claim(store, pending, make_worker(store))
    assert claimed is not None
    assert sent.configuration["params"] == claimed.configuration["params"]
    assert claimed.configuration["params"]["epochs"] == TRAINED


@pytest.mark.parametrize("form", ["csv", "talos"])
def test_tables_for_other_programs_have_it(sqlite_store: Store, tmp_path: Path, form: str) -> None:
    experiment = store_tune(sqlite_store, [[0.5] * TRAINED], override=TRAINED, epochs=8)
    out = tmp_path / "rows.csv"
    document = report_document(sqlite_store, experiment)
    write_report(
        experiment_report(sqlite_store, document), form, choose_destination(tmp_path, "", form, out)
    )
    [row] = csv.DictReader(io.StringIO(out.read_text()))
    assert (row["epochs"], row["round_epochs"]) == ("2", "2")


def test_epochs_that_no_trial_was_trained_for_have_no_importance(sqlite_store: Store) -> None:
    jobs: list[Any] = [[0.1], [0.2], [0.3], [0.4]]
    experiment = store_tune(sqlite_store, jobs, override=1, epochs=8)
    document = report_document(sqlite_store, experiment)
    assert document.analysis is not None
    assert [row.param for row in document.analysis.influence] == ["lr"]
    assert {effective(trial.params)["epochs"] for trial in document.trials} == {1}
