"""Objectives rank the trials of a report; several give a Pareto front."""

from typing import Any

import pytest
from sqlalchemy import select, update

from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.experiment.training import training_parts
from runner.reports.model import Note, Table
from runner.reports.stats.repeats import repeated
from runner.searches import Constraint
from runner.store.engine import Store
from runner.store.lifecycle.results import write_measured
from runner.store.schema import Experiment, Trial
from tests.runner.reports.stored import make_trial, store_tune

CURVES = [[0.5], [0.7], [0.6], [0.4]]
SIZES = [200.0, 900.0, 500.0, 300.0]


def tuned(store: Store, **aims: Any) -> ExperimentDocument:
    """Store trials with a val_accuracy and a size each, of an experiment with these aims."""
    experiment = store_tune(store, CURVES)
    with store.write() as connection:
        stored = connection.scalars(
            select(Experiment.configuration).where(Experiment.id == experiment)
        ).one()
        configuration = {**stored, "minimize": [], **aims}
        connection.execute(update(Experiment).values(configuration=configuration))
        trials = list(connection.scalars(select(Trial.id).order_by(Trial.id)))
        for trial, size in zip(trials, SIZES, strict=True):
            write_measured(connection, trial, {"parameters": size})
    return report_document(store, experiment)


def accuracies(document: ExperimentDocument) -> list[float | None]:
    return [trial.val_accuracy for trial in document.ranked]


def test_the_front_has_the_trials_that_no_other_beats(sqlite_store: Store) -> None:
    document = tuned(sqlite_store, objectives=["val_accuracy", "parameters"])
    assert document.pareto is not None
    values = [(each.values["val_accuracy"], each.values["parameters"]) for each in document.pareto]
    assert values == [(0.7, 900), (0.6, 500), (0.5, 200)]
    (table,) = [
        part
        for part in training_parts(document, [])
        if isinstance(part, Table) and part.title.startswith("Pareto")
    ]
    assert list(table.columns) == ["trial", "val_accuracy", "parameters"]


@pytest.mark.parametrize(
    ("aims", "ranks"),
    [
        ({"objectives": ["parameters"]}, [0.5, 0.4, 0.6, 0.7]),
        ({"objectives": ["val_accuracy"], "minimize": ["val_accuracy"]}, [0.4, 0.5, 0.6, 0.7]),
    ],
)
def test_the_rank_follows_the_objective(
    sqlite_store: Store, aims: dict[str, Any], ranks: list[float]
) -> None:
    document = tuned(sqlite_store, **aims)
    assert (document.by, document.order) == (aims["objectives"][0], "smallest first")
    assert accuracies(document) == ranks
    assert document.pareto is None


def test_minimized_groups_and_the_analysis_begin_with_the_smallest(sqlite_store: Store) -> None:
    aims = {"objectives": ["val_accuracy"], "minimize": ["val_accuracy"]}
    number = tuned(sqlite_store, **aims).experiment
    document = report_document(sqlite_store, number, ["lr"])
    assert document.minimizes
    assert [group.mean for group in document.groups] == [0.4, 0.5, 0.6, 0.7]
    assert document.analysis is not None
    assert document.analysis.rounds2high == 3


def test_minimized_repeats_begin_with_the_smallest() -> None:
    trials = [
        make_trial(trial=number, seed=number, val_accuracy=value, params={"lr": lr})
        for number, (lr, value) in enumerate([(0.1, 0.7), (0.1, 0.8), (0.2, 0.5), (0.2, 0.4)])
    ]
    means = [group.mean for group in repeated(trials, "val_accuracy", smallest_first=True)]
    assert means == pytest.approx([0.45, 0.75])


def test_a_trial_beyond_a_constraint_has_no_rank(sqlite_store: Store) -> None:
    document = tuned(
        sqlite_store,
        objectives=["val_accuracy", "parameters"],
        constraints=[["parameters", "<", 900]],
    )
    assert [trial.rank for trial in document.ranked] == [1, 2, 3, None]
    assert accuracies(document)[-1] == 0.7
    assert [each.values["parameters"] for each in document.pareto or []] == [500, 200]
    notes = [part.text for part in training_parts(document, []) if isinstance(part, Note)]
    assert "1 of 4 trials do not meet parameters<900: they have no rank." in notes


def test_seconds_are_marked_as_not_reproducible(sqlite_store: Store) -> None:
    document = tuned(sqlite_store, objectives=["val_accuracy", "seconds"])
    notes = [part.text for part in training_parts(document, []) if isinstance(part, Note)]
    assert any(text.startswith("seconds is not reproducible") for text in notes)


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [("<", 5, False), ("<=", 5, True), (">", 5, False), (">=", 5, True), ("<", 4, True)],
)
def test_a_strict_bound_is_not_kept_by_the_bound_itself(
    operator: str, value: float, holds: bool
) -> None:
    bound = Constraint("parameters", operator, 5)
    assert bound.holds(value) == holds
    assert (bound.excess(value) <= 0) == holds
