"""Talos itself reads our log of its rounds, and answers as we do."""

import math
from pathlib import Path

import pytest
from talos.commands.analyze import Analyze

from runner.errors import InputError
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.experiment.report import experiment_report
from runner.reports.formats.talos_log import as_talos_log
from runner.reports.output import choose_destination, write_report
from runner.reports.stats.ranking import METRICS
from runner.store.engine import Store
from tests.runner.reports.stored import store_evaluation, store_failure, store_tune
from tests.runner.store.making import job_ids

ACCURACIES = [[0.2, 0.31], [0.5], [0.9, 0.8], [], [0.1 + 0.2], [0.45]]


@pytest.fixture
def document(store: Store) -> ExperimentDocument:
    """Offer the report of a tune of which one trial failed."""
    experiment = store_tune(store, ACCURACIES, batch_size=43, augmentation="paper")
    store_failure(store, job_ids(store, experiment)[3], "diverged")
    return report_document(store, experiment)


@pytest.fixture
def analyze(document: ExperimentDocument, tmp_path: Path) -> Analyze:
    """Offer Talos, which has read our file."""
    path = tmp_path / "rounds.csv"
    path.write_text(as_talos_log(document.trials))
    return Analyze(str(path))


def test_talos_finds_the_highest_and_the_lowest_where_we_do(
    document: ExperimentDocument, analyze: Analyze
) -> None:
    ours = document.analysis
    assert ours is not None
    assert analyze.rounds() == ours.rounds == 5
    assert analyze.high("val_accuracy") == ours.high == 0.8
    # The file has every digit; pandas rounds the last one.
    assert analyze.low("val_accuracy") == pytest.approx(ours.low, rel=1e-15)
    assert ours.low == 0.1 + 0.2
    assert analyze.rounds2high("val_accuracy") == ours.rounds2high == 2


def test_talos_correlates_as_we_do(document: ExperimentDocument, analyze: Analyze) -> None:
    others = ["round_epochs", *(name for name in METRICS if name != "val_accuracy")]
    theirs = {
        name: value
        for name, value in analyze.correlate("val_accuracy", exclude=others).items()
        if not math.isnan(value)
    }
    assert document.analysis is not None
    assert theirs == pytest.approx(document.analysis.correlate)
    assert list(theirs) == ["lr", "epochs"]


def test_talos_s_best_params_are_ours(document: ExperimentDocument, analyze: Analyze) -> None:
    others = ["round_epochs", *(name for name in METRICS if name != "val_accuracy")]
    theirs = analyze.best_params("val_accuracy", exclude=others, n=3).tolist()
    names = [name for name in analyze.data if name not in (*others, "val_accuracy")]
    assert document.analysis is not None
    ours = [[params[name] for name in names] for params in document.analysis.best_params]
    # Talos adds the place.
    assert theirs == [[*row, place] for place, row in enumerate(ours[:3])]


def test_the_log_has_a_row_for_every_trial_that_ended_in_the_order_of_the_grid(
    analyze: Analyze,
) -> None:
    assert list(analyze.data["lr"]) == pytest.approx([0.01, 0.02, 0.03, 0.05, 0.06])
    assert list(analyze.data["round_epochs"]) == [2, 1, 2, 1, 1]


def test_other_kinds_have_no_rounds(sqlite_store: Store, tmp_path: Path) -> None:
    document = report_document(sqlite_store, store_evaluation(sqlite_store))
    assert document.analysis is None
    place = choose_destination(tmp_path, "experiment-1", "talos", None)
    with pytest.raises(InputError, match="of kind evaluate"):
        write_report(experiment_report(sqlite_store, document), "talos", place)


def test_nothing_that_ended_has_nothing_to_analyse(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_tune(sqlite_store, [[]]))
    assert document.analysis is None
    assert as_talos_log(document.trials).count("\n") == 1
