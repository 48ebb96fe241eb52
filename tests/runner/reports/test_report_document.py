"""The document of an experiment says all that is known of it, on both databases."""

import json
from collections.abc import Callable

import pytest

from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.records import plain
from runner.store.engine import Store
from tests.runner.reports.stored import (
    CLASSES,
    store_evaluation,
    store_explanation,
    store_failure,
    store_tune,
    train_epochs,
)
from tests.runner.store.making import job_ids, make_experiment

SCAN_SUMMARY = (
    *("random_method", "reduction_method", "reduction_interval", "reduction_window"),
    *("grid_downsample", "reduction_threshold", "reduction_metric", "reduce_loss"),
    *("experiment_name", "complete_time", "x_shape", "y_shape"),
)
TRIAL = (
    *("trial", "job", "number", "state", "params", "seed", "epochs", "trained_epochs"),
    *("best_epoch", "loss", "accuracy", "val_loss", "val_accuracy", "best_val_accuracy"),
    *("seconds", "attempts", "reason", "model"),
)


def test_trials_are_ranked_by_the_val_accuracy_of_their_last_epoch(store: Store) -> None:
    experiment = store_tune(store, [[0.9, 0.2], [0.3, 0.5], [], [0.1, 0.2]])
    trials = report_document(store, experiment).ranked
    assert [(trial.number, trial.rank) for trial in trials] == [
        *((2, 1), (1, 2), (4, 2), (3, None)),
    ]
    assert set(TRIAL) <= set(plain(trials[0]))


def test_a_trial_has_its_last_and_its_best_epochs_apart(store: Store) -> None:
    [trial] = report_document(store, store_tune(store, [[0.25, 0.75, 0.5]])).trials
    assert (trial.val_accuracy, trial.best_val_accuracy) == (0.5, 0.75)
    assert (trial.best_epoch, trial.trained_epochs) == (2, 3)
    assert plain(trial.best) == {
        "loss": {"epoch": 3, "value": 1 / 3},
        "accuracy": {"epoch": 1, "value": 0.5},
        "val_loss": {"epoch": 1, "value": 3.0},
        "val_accuracy": {"epoch": 2, "value": 0.75},
    }
    assert [row.val_accuracy for row in trial.epochs] == [0.25, 0.75, 0.5]
    assert [row.epoch for row in trial.epochs] == [1, 2, 3]


def test_jobs_without_a_trial_are_there_with_their_state_and_reason(store: Store) -> None:
    experiment = store_tune(store, [[], [], []])
    failed, running, _ = job_ids(store, experiment)
    store_failure(store, failed, "diverged: loss is nan")
    train_epochs(store, running, [0.1])
    document = report_document(store, experiment)
    found = {trial.number: (trial.state, trial.reason) for trial in document.trials}
    assert found == {
        1: ("failed", "diverged: loss is nan"),
        2: ("running", None),
        3: ("pending", None),
    }
    assert [trial.trained_epochs for trial in document.trials] == [1, 1, 0]
    assert document.ended_at is None
    assert document.states["failed"] == 1


def test_the_scan_summary_has_the_papers_keys_and_our_values(store: Store) -> None:
    document = report_document(store, store_tune(store, [[0.5]]))
    summary = document.scan_summary
    assert summary is not None
    assert tuple(plain(summary)) == SCAN_SUMMARY
    assert (summary.random_method, summary.grid_downsample) == ("sobol", 0.01)
    assert (summary.reduction_method, summary.reduce_loss) == (None, False)
    assert (summary.x_shape, summary.y_shape) == ([40, 8, 8, 3], [40, 2])
    assert summary.complete_time == document.ended_at


def test_an_evaluation_has_its_interval_its_confusion_and_each_class(store: Store) -> None:
    document = report_document(store, store_evaluation(store))
    [evaluation] = document.evaluations
    assert evaluation.confusion == [[4, 1], [2, 3]]
    # Wilson's interval for 7 of 10, as published tables have it.
    assert evaluation.accuracy_interval == pytest.approx([0.3968, 0.8922], abs=5e-5)
    first, second = evaluation.per_class
    assert plain(first) == {
        "class": CLASSES[0],
        "support": 5,
        "tp": 4,
        "tn": 3,
        "fp": 2,
        "fn": 1,
        "precision": 4 / 6,
        "recall": 0.8,
        "f1": 8 / 11,
    }
    assert second.class_ == CLASSES[1]
    assert [trial.trial for trial in document.trials] == [evaluation.trial]
    assert document.scan_summary is None


def test_an_explanation_names_its_classes_and_keeps_every_weight(store: Store) -> None:
    document = report_document(store, store_explanation(store, "weak", "R2 0.31: only in part"))
    assert [row.class_ for row in document.explanations] == CLASSES
    for row in document.explanations:
        assert (row.true_class, row.predicted_class) == (CLASSES[0], CLASSES[1])
        assert row.weights == [0.5, -0.25, 0.0, 0.1]
        assert (row.superpixels, row.image) == (4, 2)
        assert (row.verdict, row.reason) == ("weak", "R2 0.31: only in part")
    assert [(row.layer, row.shape) for row in document.activations] == [
        *((1, [4, 4, 2]), (2, [3])),
    ]


def test_the_machines_on_which_jobs_succeeded_are_counted(store: Store) -> None:
    document = report_document(store, store_tune(store, [[0.1], [0.2], []]))
    [machine] = document.machines
    assert (machine.host, machine.device, machine.jobs) == ("host", "cpu", 2)


@pytest.mark.parametrize(
    "make", [lambda store: store_tune(store, [[0.5], []]), store_evaluation, store_explanation]
)
def test_a_document_becomes_plain_json(store: Store, make: Callable[[Store], int]) -> None:
    document = plain(report_document(store, make(store)))
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_without_a_number_it_is_the_newest_experiment_that_has_results(store: Store) -> None:
    with_results = store_tune(store, [[0.5]])
    make_experiment(store)
    assert report_document(store, None).experiment == with_results


def test_without_any_result_the_experiments_are_named(store: Store) -> None:
    experiment = make_experiment(store)
    with pytest.raises(InputError, match="no experiment has results yet") as refused:
        report_document(store, None)
    assert str(experiment) in refused.value.fix


def test_an_unknown_experiment_is_refused_naming_those_there_are(store: Store) -> None:
    with pytest.raises(InputError, match="no experiment 99: the database has no experiments yet"):
        report_document(store, 99)
    experiment = make_experiment(store)
    with pytest.raises(InputError, match=f"the newest are {experiment}"):
        report_document(store, experiment + 1)
