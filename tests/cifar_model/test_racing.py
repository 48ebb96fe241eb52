"""A race drops what is behind, looks only at whole seeds, and is seldom wrong."""

import numpy as np
import pytest
from scipy.stats import t

from cifar_model.spaces.racing import (
    BUDGET,
    CONFIRMED,
    FEWEST_SEEDS,
    SEEDS,
    SHAPE,
    Design,
    Scores,
    bounds,
    race,
)

NOISE = (0.0, 0.02, -0.01, 0.01, -0.02)


def design(points: int = 3, seeds: int = 5, budget: int | None = None) -> Design:
    return Design([2] * points, seeds, bounds(points, seeds), budget)


def scores(*means: float) -> dict[tuple[int, int], float | None]:
    """Return five scores of each point, which vary with the seed and a little by themselves."""
    return {
        (point, seed): mean + NOISE[seed] + 0.02 * NOISE[(seed + point) % 5]
        for point, mean in enumerate(means)
        for seed in range(5)
    }


def test_the_shape_of_the_bounds_is_that_of_students_t() -> None:
    assert pytest.approx([t.ppf(0.9975, df) for df in range(2, 20)], abs=6e-4) == SHAPE


def test_the_interval_of_equally_good_points_excludes_0_as_seldom_as_it_says() -> None:
    drawn = np.random.default_rng(7).standard_normal((4000, 2, 8))
    plan = design(points=2, seeds=8)
    wrong = 0
    for run in drawn:
        found = {(point, seed): float(run[point, seed]) for point in (0, 1) for seed in range(8)}
        wrong += race(found, plan).ended_by == CONFIRMED
    # 5 %, with four standard errors of 4,000 runs.
    assert wrong / 4000 == pytest.approx(0.05, abs=0.014)


def test_a_point_that_is_clearly_best_is_confirmed_and_the_others_are_not_trained_on() -> None:
    known: dict[tuple[int, int], float | None] = {}
    trained, found = 0, race(known, design())
    every = scores(0.9, 0.7, 0.5)
    while found.ended_by is None:
        assert found.wanted == [(point, found.seeds) for point in range(3)]
        known |= {key: every[key] for key in found.wanted}
        trained += len(found.wanted)
        found = race(known, design())
    assert (found.ended_by, found.confirmed, found.seeds) == (CONFIRMED, 0, FEWEST_SEEDS)
    assert trained == 9
    assert found.margins[1].advantage == pytest.approx(0.2, abs=0.01)
    assert found.margins[1].is_certain


def test_nothing_is_confirmed_among_equals() -> None:
    found = race(scores(0.7, 0.7, 0.5), design())
    assert (found.ended_by, found.confirmed) == (SEEDS, None)
    # The third was dropped before.
    assert found.racing == [0, 1]
    assert found.margins[2].seeds == FEWEST_SEEDS


def test_the_nearest_is_behind_the_leader_over_all_seeds() -> None:
    curves = [
        [0.811, 0.8105, 0.807, *(0.825, 0.8251, 0.8249) * 3],
        [0.81] * 12,
        [0.8, 0.8001, 0.7999],
    ]
    known: Scores = {
        (point, seed): score
        for point, curve in enumerate(curves)
        for seed, score in enumerate(curve)
    }
    found = race(known, design(seeds=12))
    assert found.confirmed == 0
    # The third was dropped behind the second, which led then: by less than the second is behind.
    assert (found.margins[2].behind, found.margins[2].seeds) == (1, FEWEST_SEEDS)
    assert found.margins[2].advantage < found.margins[1].advantage
    assert found.nearest == found.margins[1]


def test_later_seeds_count_only_once_all_before_are_there() -> None:
    every = scores(0.9, 0.7, 0.5)
    early: Scores = {key: score for key, score in every.items() if key != (1, 1)}
    found = race(early, design())
    assert (found.wanted, found.ended_by) == ([(1, 1)], None)


def test_a_point_whose_training_failed_is_out_and_the_last_one_is_not_confirmed() -> None:
    found = race(scores(0.9, 0.7, 0.5) | {(0, 0): None, (1, 2): None}, design())
    assert (found.racing, found.failed) == ([2], [0, 1])
    assert (found.ended_by, found.confirmed) == (SEEDS, None)


def test_the_budget_ends_a_race_before_a_seed_that_it_does_not_cover() -> None:
    found = race(scores(0.7, 0.7, 0.7), design(budget=17))
    assert (found.ended_by, found.seeds) == (BUDGET, 2)
