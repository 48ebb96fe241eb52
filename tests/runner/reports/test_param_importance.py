"""The influence of params on a metric: what matters is found, and chance is not taken for it."""

import numpy as np
import pytest

from runner.reports.stats.param_importance import importance, influence


def test_the_param_that_decides_is_the_most_important() -> None:
    random = np.random.default_rng(0)
    rates = random.uniform(0, 1, 400)
    params = [
        {"lr": float(lr), "optimizer": ("adam", "nadam")[number % 2], "dropout": 0.2}
        for number, lr in enumerate(rates)
    ]
    metric = rates + random.normal(0, 0.1, 400)
    first, second = influence(params, metric.tolist())
    assert (first.param, second.param) == ("lr", "optimizer")
    assert first.importance is not None
    assert first.importance > 0.8
    assert first.correlation == pytest.approx(np.corrcoef(rates, metric)[0, 1])
    assert second.importance is not None
    assert second.importance < 0.02
    assert second.correlation is None
    assert first.interval is not None
    assert first.interval[0] < first.importance < first.interval[1]
    assert second.interval is not None
    assert second.interval[0] == 0


def test_the_interval_holds_the_true_share_as_often_as_it_says() -> None:
    random = np.random.default_rng(2)
    classes = np.repeat(["a", "b", "c"], 8)
    # The variance of these is 2/3, and that of the noise is twice as much: a third is explained.
    shifts = np.repeat([-1.0, 0.0, 1.0], 8)
    found = [
        importance(classes, shifts + random.normal(0, np.sqrt(4 / 3), 24))[1] for _ in range(400)
    ]
    held = np.mean([low <= 1 / 3 <= high for low, high in filter(None, found)])
    assert 0.93 <= held <= 0.97


def test_a_param_with_a_value_for_every_trial_does_not_explain_itself() -> None:
    random = np.random.default_rng(1)
    params = [{"batch_size": n} for n in range(16)]
    found = [influence(params, list(random.normal(size=16)))[0].importance for _ in range(200)]
    assert np.mean([share for share in found if share is not None]) < 0.15
    assert None not in found


def test_too_few_trials_have_no_importance() -> None:
    [row] = influence([{"optimizer": "adam"}, {"optimizer": "nadam"}], [0.1, 0.2])
    assert (row.importance, row.interval) == (None, None)


def test_a_metric_that_is_the_same_everywhere_goes_with_nothing() -> None:
    [row] = influence([{"lr": 0.1}, {"lr": 0.2}, {"lr": 0.2}], [0.5, 0.5, 0.5])
    assert (row.importance, row.correlation) == (None, None)
