"""Two explanations are alike in where they look, in which order, and which way."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from runner.reports.stats.similarity import Shown, similarity
from tests.runner.reports.explained import SQUARES, STRIPES, weights


def shown(*strongest: int, sign: int = 1) -> Shown:
    return Shown(SQUARES, np.array(weights(*strongest, sign=sign)))


def test_an_explanation_is_like_itself() -> None:
    found = similarity(shown(0, 1, 2, 3, 4), shown(0, 1, 2, 3, 4), same_segments=True)
    assert found is not None
    assert found.shared_weight == pytest.approx(1.0)
    assert found.rank_correlation == pytest.approx(1.0)
    assert (found.overlap, found.sign_flips) == (1.0, 0.0)


def test_the_shared_weight_is_what_both_put_on_the_same_places_either_way() -> None:
    first, second = np.zeros(16), np.zeros(16)
    first[[0, 1, 2]] = 0.5, -0.25, 0.25
    second[[0, 1, 3]] = 0.1, 0.1, -0.2
    found = similarity(Shown(SQUARES, first), Shown(SQUARES, second), same_segments=True)
    assert found is not None
    # In shares: 0.5, 0.25, 0.25 and 0.25, 0.25, 0.5.
    assert found.shared_weight == pytest.approx(0.25 + 0.25)
    # Four regions that weigh next to nothing are shown as well, and make the overlap look better.
    one = [Shown(SQUARES, np.linspace(1e-6, 16e-6, 16)) for _ in range(2)]
    for of, place in zip(one, (0, 1), strict=True):
        of.weights[place] = 1
    alone = similarity(*one, same_segments=True)
    assert alone is not None
    assert alone.shared_weight == pytest.approx(0, abs=1e-3)
    assert alone.overlap == 4 / 6


def test_weight_for_and_against_is_not_shared_where_signs_count() -> None:
    first, second = np.zeros(16), np.zeros(16)
    first[[0, 1, 2]] = 0.5, -0.25, 0.25
    second[[0, 1, 2, 3]] = 0.25, 0.25, 0.25, -0.25
    found = similarity(Shown(SQUARES, first), Shown(SQUARES, second), same_segments=True)
    assert found is not None
    assert found.shared_weight == pytest.approx(0.25 + 0.25 + 0.25)
    assert found.shared_weight_signed == pytest.approx(0.25 + 0.25)
    turned = similarity(Shown(SQUARES, first), Shown(SQUARES, -first), same_segments=True)
    assert turned is not None
    assert turned.shared_weight == pytest.approx(1)
    assert turned.shared_weight_signed == 0


def test_the_shared_weight_of_other_superpixels_is_that_of_the_pixels() -> None:
    first, second = np.zeros(16), np.zeros(16)
    first[0], second[0] = 1, 1
    found = similarity(Shown(SQUARES, first), Shown(STRIPES, second), same_segments=False)
    assert found is not None
    # The square has two rows of two pixels, the stripe one row of four: two are in both.
    assert found.shared_weight == pytest.approx(0.5)


@pytest.mark.parametrize("segments", [SQUARES, STRIPES])
def test_the_chance_level_is_the_shared_weight_with_weights_dealt_out_anew(segments: Any) -> None:
    random = np.random.default_rng(0)
    own, other = random.normal(size=16), random.normal(size=int(segments.max()) + 1)
    first, same = Shown(SQUARES, own), segments is SQUARES
    found = similarity(first, Shown(segments, other), same_segments=same)
    dealt = [
        similarity(first, Shown(segments, random.permutation(other)), same_segments=same)
        for _ in range(1000)
    ]
    mean = np.mean([each.shared_weight for each in dealt if each])
    signed = np.mean([each.shared_weight_signed for each in dealt if each])
    assert found
    assert found.shared_weight_chance == pytest.approx(mean, abs=0.01)
    assert found.shared_weight_signed_chance == pytest.approx(signed, abs=0.01)
    assert mean > 0.4 > signed > 0.1


def test_the_overlap_is_the_area_shown_in_both_of_that_in_either() -> None:
    # Two of five regions are the same: 2 of 8, all of one size.
    found = similarity(shown(0, 1, 2, 3, 4), shown(0, 1, 7, 8, 9), same_segments=True)
    assert found is not None
    assert found.overlap == 0.25


def test_regions_that_turn_against_the_class_are_flips_of_what_both_show() -> None:
    first = shown(0, 1, 2, 3, 4)
    flipped = Shown(SQUARES, np.array(weights(0, 1, 2, 3, 4)))
    flipped.weights[[0, 1]] *= -1
    found = similarity(first, flipped, same_segments=True)
    assert found is not None
    assert (found.overlap, found.sign_flips) == (1.0, 0.4)
    apart = similarity(first, shown(5, 6, 7, 8, 9), same_segments=True)
    assert apart is not None
    assert (apart.overlap, apart.sign_flips) == (0.0, None)


def test_the_rank_correlation_is_spearman_s_also_with_ties() -> None:
    random = np.random.default_rng(1)
    first, second = (random.integers(-5, 5, 16).astype(np.float64) for _ in range(2))
    found = similarity(Shown(SQUARES, first), Shown(SQUARES, second), same_segments=True)
    assert found is not None
    assert found.rank_correlation == pytest.approx(spearmanr(first, second).statistic)


def test_other_superpixels_are_compared_pixel_by_pixel() -> None:
    first, second = shown(0, 1, 2, 3, 4), Shown(STRIPES, np.array(weights(0, 1, 2, 3, 4)))
    found = similarity(first, second, same_segments=False)
    pixels = [of.weights[of.segments].ravel() for of in (first, second)]
    assert found is not None
    assert found.rank_correlation == pytest.approx(spearmanr(*pixels).statistic)
    # The squares fill two rows of pixels and four pixels more, the stripes the upper left quarter.
    areas = [SQUARES <= 4, STRIPES <= 4]
    assert found.overlap == (areas[0] & areas[1]).sum() / (areas[0] | areas[1]).sum()


def test_where_one_shows_nothing_there_is_nothing_to_compare() -> None:
    blank = Shown(SQUARES, np.zeros(16))
    assert similarity(shown(0, 1, 2, 3, 4), blank, same_segments=True) is None
