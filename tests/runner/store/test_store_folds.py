"""Folds of points that are behind are stopped as Optuna's Wilcoxon pruner prunes them."""

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import Any

import optuna
import pytest

from cifar_model.data.description import stored_fold
from cifar_model.objective import STOPPED
from cifar_model.spaces.folding import load
from runner.api.racing.confirming import ConfirmRequest, new_confirmation
from runner.errors import InputError
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.experiment.view import brief_parts, report_parts
from runner.states import AttemptState, JobState, Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.attempts import Claim, open_attempts
from runner.store.lifecycle.checkpoints import record_epoch
from runner.store.lifecycle.control import Target, retry
from runner.store.lifecycle.job_lifecycle import claim, finish, recover
from runner.store.lifecycle.results import write_trial
from runner.store.lifecycle.tuning.folding import FOLDS_STOPPED
from runner.store.queries.tuning.folds import BestPoint, best_point
from tests.runner.reports.stored import store_points
from tests.runner.store.making import (
    DATASET,
    FINGERPRINT,
    job_ids,
    make_epoch,
    make_experiment,
    make_worker,
    value,
)

# As a worker does before a transaction.
load()

POINTS, FOLDS = 9, 6

# A fold of a point, by their places from 1.
Place = tuple[int, int]


def scores() -> dict[Place, float]:
    """Return a val_accuracy for every fold: points differ, and so do folds."""
    random = Random(5)  # noqa: S311 (no secret)
    places = product(range(1, POINTS + 1), range(1, FOLDS + 1))
    return {
        (point, fold): 0.5 - 0.04 * (point % 4) + 0.01 * fold + random.uniform(0, 0.05)
        for point, fold in places
    }


SCORES = scores()


def experiment(store: Store, metric: str = "val_accuracy") -> int:
    """Create an experiment of points with folds, which Optuna's pruner stops."""
    shared: dict[str, Any] = {"dataset": DATASET, "epochs": None, "threads": 1}
    shared |= {"stop": "wilcoxon", "folds": FOLDS, "objectives": [metric], "minimize": []}
    jobs = [
        {
            "params": {"epochs": 1, "dropout": 0.01 * point},
            "dataset": stored_fold(DATASET, fold, FOLDS),
        }
        for point, fold in SCORES
    ]
    return make_experiment(store, jobs, kind=Kind.TUNE, configuration=shared)


def begin(store: Store, number: int, place: Place) -> Claim | None:
    point, fold = place
    job = job_ids(store, number)[(point - 1) * FOLDS + fold - 1]
    return claim(store, job, make_worker(store))


def end(store: Store, claimed: Claim, score: float) -> None:
    """End the training of a fold; a loss is larger where an accuracy is smaller."""
    epoch = make_epoch(1, val_accuracy=score, val_loss=1 - score)
    assert record_epoch(store, claimed.key, epoch, b"state", FINGERPRINT)
    assert finish(
        store,
        claimed.key,
        AttemptState.SUCCEEDED,
        write=lambda connection: write_trial(connection, claimed, b"weights", FINGERPRINT),
    )


def trained_here(store: Store, number: int, order: Sequence[Place]) -> list[Place]:
    """Train the folds in an order, without those that are stopped; return what was trained."""
    found = []
    for place in order:
        claimed = begin(store, number, place)
        if claimed is not None:
            end(store, claimed, SCORES[place])
            found.append(place)
    return found


def trained_by_optuna(order: Sequence[Place], direction: str = "maximize") -> list[Place]:
    """Return the folds that a study of Optuna trains if they are reported in an order."""
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        pruner = optuna.pruners.WilcoxonPruner()
    study = optuna.create_study(direction=direction, pruner=pruner)  # type: ignore[arg-type]
    trials: dict[int, optuna.Trial] = {}
    pruned, found, values = set[int](), [], dict[int, list[float]]()
    for point, fold in order:
        if point in pruned:
            continue
        trial = trials.setdefault(point, study.ask()) if point not in trials else trials[point]
        score = SCORES[point, fold]
        reported = score if direction == "maximize" else 1 - score
        trial.report(reported, fold)
        values.setdefault(point, []).append(reported)
        found.append((point, fold))
        if len(values[point]) == FOLDS:
            study.tell(trial, sum(values[point]) / FOLDS)
        elif trial.should_prune():
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            pruned.add(point)
    return found


def in_turns() -> list[Place]:
    """Return an order in which three points are trained at once."""
    return sorted(SCORES, key=lambda place: ((place[0] - 1) // 3, place[1], place[0]))


@pytest.mark.parametrize("order", [list(SCORES), in_turns()], ids=["one", "three"])
def test_the_folds_that_are_stopped_are_those_that_optuna_prunes(
    store: Store, order: list[Place]
) -> None:
    expected = trained_by_optuna(order)
    # There is something to compare.
    assert len(expected) < len(SCORES)
    number = experiment(store)
    assert trained_here(store, number, order) == expected
    left = [job for job in queries.jobs(store, number) if job.state != JobState.SUCCEEDED]
    assert {(job.state, job.reason) for job in left} == {(JobState.CANCELLED, FOLDS_STOPPED)}
    stopped = "SELECT count(*) FROM events WHERE name = 'fold_stopped'"
    assert value(store, stopped) == len(SCORES) - len(expected)


def test_an_objective_that_is_a_loss_is_compared_the_other_way(store: Store) -> None:
    expected = trained_by_optuna(list(SCORES), "minimize")
    assert len(expected) < len(SCORES)
    assert trained_here(store, experiment(store, "val_loss"), list(SCORES)) == expected


def points(document: ExperimentDocument) -> dict[int, tuple[int | None, int]]:
    """Return the rank of each point, and how many of its folds are missing."""
    return {
        round(float(str(group.params["dropout"])) * 100): (group.rank, group.missing)
        for group in document.groups
    }


def test_a_point_with_stopped_folds_has_no_rank(sqlite_store: Store) -> None:
    number = experiment(sqlite_store)
    trained = trained_here(sqlite_store, number, list(SCORES))
    document = report_document(sqlite_store, number)
    folds = {point: [f for p, f in trained if p == point] for point in range(1, POINTS + 1)}
    assert {point: missing for point, (_, missing) in points(document).items()} == {
        point: FOLDS - len(done) for point, done in folds.items()
    }
    ranks = sorted(rank for rank, missing in points(document).values() if not missing and rank)
    assert ranks == list(range(1, len(ranks) + 1))
    assert all(rank is None for rank, missing in points(document).values() if missing)
    first = document.groups[0]
    assert first.rank == 1
    assert first.interval is not None
    assert len(first.trials) == first.folds == FOLDS
    # The folds themselves are not ranked; those that were stopped have no trial.
    assert {trial.rank for trial in document.ranked} == {None}
    stopped = [trial for trial in document.ranked if trial.ended_by == STOPPED]
    assert len(stopped) == len(SCORES) - len(trained)
    assert {trial.trial for trial in stopped} == {None}
    assert document.winner is None
    said = str([*brief_parts(document), *report_parts(document, [])])
    assert f"{len(stopped)} of {len(SCORES)} folds were not trained" in said
    with pytest.raises(InputError, match="submitted with --folds"):
        new_confirmation(sqlite_store, ConfirmRequest(number))


def best_of(store: Store, number: int) -> BestPoint:
    with store.read() as connection:
        best = best_point(connection, number, queries.experiment(store, number).configuration)
    assert best is not None
    return best


@pytest.mark.parametrize("metric", ["val_accuracy", "val_loss"])
def test_the_best_point_is_the_first_group_of_the_report(store: Store, metric: str) -> None:
    number = experiment(store, metric)
    trained_here(store, number, list(SCORES))
    best, groups = best_of(store, number), report_document(store, number).groups
    assert (best.metric, best.params["dropout"]) == (metric, groups[0].params["dropout"])
    assert (best.mean, len(best.scores)) == (groups[0].mean, FOLDS)
    assert best.complete == sum(group.rank is not None for group in groups)


def test_a_point_with_a_fold_beyond_a_bound_is_not_the_best(store: Store) -> None:
    accuracies = [[0.2, 0.9, 0.7], [0.5, 0.6, 0.6]]
    aims = {"objectives": ["val_accuracy"], "minimize": []}
    free = store_points(store, 3, accuracies, **aims)
    bound = store_points(store, 3, accuracies, **aims, constraints=[["val_accuracy", ">=", 0.3]])
    assert [best_of(store, number).params["lr"] for number in (free, bound)] == [0.01, 0.02]
    assert report_document(store, bound).groups[0].params["lr"] == 0.02


def test_a_failed_fold_leaves_its_point_without_a_rank_until_it_is_retried(store: Store) -> None:
    number = experiment(store)
    failed = begin(store, number, (1, 2))
    assert failed is not None
    assert finish(store, failed.key, AttemptState.FAILED, reason="no memory")
    order = [place for place in SCORES if place != (1, 2)]
    trained_here(store, number, order)
    assert points(report_document(store, number))[1] == (None, 1)
    retry(store, Target(experiment=number))
    assert trained_here(store, number, [(1, 2)]) == [(1, 2)]
    rank, missing = points(report_document(store, number))[1]
    assert rank is not None
    assert not missing


def test_a_fold_whose_worker_dies_is_trained_again(store: Store) -> None:
    expected = trained_by_optuna(list(SCORES))
    number = experiment(store)
    dead = begin(store, number, (2, 1))
    assert dead is not None
    assert recover(store, open_attempts(store)) == [dead.job_id]
    assert trained_here(store, number, list(SCORES)) == expected


def test_stopped_folds_that_are_retried_are_trained(sqlite_store: Store) -> None:
    number = experiment(sqlite_store)
    trained = trained_here(sqlite_store, number, list(SCORES))
    retry(sqlite_store, Target(experiment=number))
    left = [place for place in SCORES if place not in trained]
    assert trained_here(sqlite_store, number, left) == left
    assert sorted(rank or 0 for rank, _ in points(report_document(sqlite_store, number)).values())
    assert all(rank for rank, _ in points(report_document(sqlite_store, number)).values())
