"""The reliability diagram of probabilities."""

import numpy as np
import pytest

from runner.reports.stats.calibration import calibration

CONFIDENT = np.array([[0.95, 0.05]] * 4)


def test_bins_say_how_often_such_predictions_are_right() -> None:
    unsure = np.array([[0.45, 0.55]] * 2)
    found = calibration("test", np.vstack([CONFIDENT, unsure]), np.array([0, 0, 0, 1, 1, 1]))
    assert [(each.images, each.accuracy) for each in found.bins] == [(2, 1.0), (4, 0.75)]
    assert found.error == pytest.approx((2 * 0.45 + 4 * 0.2) / 6)


def test_a_certain_prediction_is_in_the_last_bin() -> None:
    found = calibration("test", np.array([[1.0, 0.0]]), np.array([0]))
    assert (found.error, found.bins[0].high) == (0, 1)
