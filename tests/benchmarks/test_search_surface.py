"""The stored surface has a value for every point, and a search on it trains nothing."""

import json

import pytest

from benchmarks.search import SURFACE, all_points, read_surface, search


def test_every_point_of_the_grid_has_a_value() -> None:
    surface = read_surface()
    assert len(surface) == len(all_points()) == 768
    assert min(surface.values()) == pytest.approx(0.2222, abs=5e-5)
    assert json.loads(SURFACE.read_text())["images"] == 400


def test_the_best_so_far_never_gets_worse() -> None:
    best = search("random", 0, read_surface())
    assert len(best) == 60
    assert best == sorted(best, reverse=True)
