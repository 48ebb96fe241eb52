"""A leaderboard has the best trials of several experiments, and says how sure their order is."""

import json

import pytest

from cifar_model.results import LOSS_RULE
from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.filters import read_conditions
from runner.reports.leaderboard import leaderboard_document
from runner.reports.leaderboard_view import leaderboard_parts
from runner.reports.model import Note, Table
from runner.reports.records import plain
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope, loss_rules
from runner.store.queries.progress import progress_of
from tests.runner.reports.stored import store_evaluation, store_failure, store_tune
from tests.runner.store.making import job_ids, run, value


def found(store: Store, *where: str, by: str = "val_accuracy", top: int = 20) -> list[float]:
    """Return the metric of the trials in the order in which they are shown."""
    scope = Scope(conditions=read_conditions(where))
    return [getattr(trial, by) for trial in leaderboard_document(store, scope, by, top).trials]


def test_trials_of_several_experiments_are_ranked_together(store: Store) -> None:
    first = store_tune(store, [[0.2], [0.9, 0.8]])
    second = store_tune(store, [[0.5], [0.8]])
    store_tune(store, [[1.0]])
    document = leaderboard_document(store, Scope([first, second]), "val_accuracy", 3)
    assert [(trial.rank, trial.experiment, trial.val_accuracy) for trial in document.trials] == [
        (1, first, 0.8),
        (1, second, 0.8),
        (3, second, 0.5),
    ]
    assert (document.count, document.top) == (4, 3)


def test_a_trial_that_failed_is_not_ranked(store: Store) -> None:
    experiment = store_tune(store, [[0.5], []])
    store_failure(store, job_ids(store, experiment)[1], "diverged")
    assert found(store) == [0.5]


def test_a_loss_is_best_where_it_is_smallest(store: Store) -> None:
    store_tune(store, [[0.1], [0.1] * 3, [0.1] * 2])
    assert found(store, by="val_loss") == [3.0, 4.0, 5.0]
    assert found(store, by="val_loss", top=1) == [3.0]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (("lr=0.01",), [0.1]),
        (("lr!=0.01",), [0.3, 0.2]),
        (("val_accuracy>0.1", "lr < 0.03"), [0.2]),
        (("val_accuracy>=0.2",), [0.3, 0.2]),
        (("optimizer=nadam",), [0.3, 0.2, 0.1]),
        (("augment=true",), [0.3, 0.2, 0.1]),
        (("augment=false",), []),
        (("augmentation=paper",), [0.3, 0.2, 0.1]),
        (("augmentation!=paper",), []),
        # Not given, so their default, which is categorical_crossentropy.
        (("losses=categorical_crossentropy",), [0.3, 0.2, 0.1]),
        (("losses=logcosh",), []),
        (("dropout<=0.2",), [0.3, 0.2, 0.1]),
    ],
)
def test_conditions_choose_trials_by_params_and_metrics(
    store: Store, where: tuple[str, ...], expected: list[float]
) -> None:
    store_tune(store, [[0.1], [0.2], [0.3]], optimizer="nadam", augmentation="paper")
    assert found(store, *where) == expected


@pytest.mark.parametrize(
    ("where", "count"),
    [("=", 1), ("!=", 0), ("<=", 1), (">=", 1), ("<", 0), (">", 0)],
)
def test_a_number_that_was_computed_is_found_as_it_is_shown(
    store: Store, where: str, count: int
) -> None:
    store_tune(store, [[0.5]], dropout=0.1 + 0.2)
    assert len(found(store, f"dropout{where}0.3")) == count


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("lr", "a name, an operator"),
        ("lrr=3", "did you mean 'lr'?"),
        ("lr=fast", "a finite number after the operator"),
        ("lr<nan", "a finite number after the operator"),
        ("optimizer<adam", "because this param is not a number"),
        ("augment=yes", "true or false"),
    ],
)
def test_a_condition_that_cannot_be_understood_is_refused(where: str, said: str) -> None:
    with pytest.raises(InputError, match="--where") as refused:
        read_conditions((where,))
    assert said in refused.value.expected


def test_an_experiment_that_does_not_exist_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="no experiment 7"):
        leaderboard_document(store, Scope([7]), "val_accuracy", 20)


def test_only_params_that_differ_are_columns_and_the_others_are_said(store: Store) -> None:
    store_tune(store, [[0.1], [0.2]], optimizer="nadam")
    parts = leaderboard_parts(leaderboard_document(store, Scope(), "val_accuracy", 20))
    table = next(part for part in parts if isinstance(part, Table))
    assert "lr" in table.columns
    assert not {"optimizer", "experiment", "dataset", "seed"} & set(table.columns)
    assert any("optimizer nadam" in part.text for part in parts if isinstance(part, Note))


def test_the_first_is_said_to_be_first_by_chance_where_it_may_be(store: Store) -> None:
    # Ten validation images tell 0.9 from 0.1, and not from 0.8.
    store_tune(store, [[0.9], [0.8], [0.1]])
    document = leaderboard_document(store, Scope(), "val_accuracy", 20)
    assert [trial.noise for trial in document.trials] == [None, True, False]
    assert document.winner is not None
    assert document.winner.expected_max_gain is not None
    assert document.winner.expected_max_gain > 0
    said = " ".join(p.text for p in leaderboard_parts(document) if isinstance(p, Note))
    assert "Not significantly worse than the first: 1 of the 2 other trials shown." in said
    assert "is the best of 3, so its val_accuracy is biased upwards by selection" in said
    assert "has not been evaluated on the test split yet" in said


def test_the_test_score_of_the_winner_is_told_once(store: Store) -> None:
    store_evaluation(store)
    document = leaderboard_document(store, Scope(), "val_accuracy", 20)
    assert document.winner is not None
    assert document.winner.test is not None
    assert document.winner.test.accuracy == 0.7
    said = [part.text for part in leaderboard_parts(document) if isinstance(part, Note)]
    assert sum("accuracy 0.70 (0.40 to 0.89) on 10 images" in text for text in said) == 1


def test_a_document_of_a_leaderboard_is_plain_json(store: Store) -> None:
    store_tune(store, [[0.1], [0.2]])
    document = plain(leaderboard_document(store, Scope(), "val_accuracy", 20))
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_nothing_that_fits_is_an_empty_leaderboard(store: Store) -> None:
    document = leaderboard_document(store, Scope(), "val_accuracy", 20)
    assert (document.trials, document.winner) == ([], None)
    assert leaderboard_parts(document)


def test_losses_of_two_rules_are_never_ranked_in_silence(store: Store) -> None:
    store_tune(store, [[0.5], [0.6]])
    scope, trial = Scope(), value(store, "SELECT min(id) FROM trials")
    with store.read() as connection:
        assert loss_rules(connection, scope) == [LOSS_RULE]
    assert "loss rule" not in texts(store, scope, "val_loss")
    run(store, "UPDATE trials SET loss_rule = 1 WHERE id = :id", id=trial)
    document = leaderboard_document(store, scope, "val_loss", 1)
    assert document.loss_rules == [1, 2]
    assert "ranks of these trials are not meaningful" in texts(store, scope, "val_loss")
    said = texts(store, scope, "val_accuracy")
    assert f"val_loss of trial {trial} was computed by loss rule 1" in said
    assert "ranks of these trials" not in said
    run(store, "UPDATE trials SET loss_rule = 1")
    assert "val_loss was computed by loss rule 1" in texts(store, scope, "val_loss")


def texts(store: Store, scope: Scope, by: str) -> str:
    """Return the notes of a leaderboard."""
    parts = leaderboard_parts(leaderboard_document(store, scope, by, 20))
    return "\n".join(part.text for part in parts if isinstance(part, Note))


def test_a_trial_that_its_patience_ended_has_the_epochs_that_were_asked_for(store: Store) -> None:
    patient = store_tune(store, [[0.1, 0.2], []], epochs=9, patience=1)
    assert found(store, "epochs=9", "patience=1") == [0.2]
    assert found(store, "epochs=2") == []
    progress = progress_of(store, patient)
    assert (progress.done, progress.left, progress.total) == (2, 9, 11)
    [trial, _] = report_document(store, patient).trials
    assert (trial.params["epochs"], trial.trained_epochs) == (9, 2)
