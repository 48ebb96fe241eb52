"""The learning curves of a group are a line, the mean of its trials, with a band."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from runner.reports.experiment.document import report_document
from runner.reports.experiment.figures import draw
from runner.reports.figures.canvas import COLOURS
from runner.reports.figures.group_curves import NamedGroup, draw_group_curves, legend_text
from runner.reports.records import Epoch, Trial
from runner.reports.stats.epoch_means import EpochMeans, epoch_means
from runner.store.engine import Store
from tests.runner.reports.stored import SHOWN_DATASET, make_trial, store_seeds, store_tune
from tests.runner.reports.test_report_pictures import has_colour, pixels

VALUES = np.array([[0.2, 0.4, 0.5], [0.3, 0.5, 0.4], [0.1, 0.6, 0.9], [0.2, 0.2, 0.3]])


def trained(seed: int, values: Any, **params: Any) -> Trial:
    """Return a trial with a val_accuracy for each epoch."""
    epochs = [
        Epoch(number, 1.0, 0.5, 2.0, float(value), {}, 1.0, 2, "machine")
        for number, value in enumerate(values, start=1)
    ]
    return make_trial(trial=seed, seed=seed, params=params, epochs=epochs)


def means_of(*trials: Trial) -> EpochMeans:
    return epoch_means(trials, "val_accuracy")


def test_with_three_seeds_the_band_is_the_interval_of_the_mean() -> None:
    found = means_of(*(trained(seed, values) for seed, values in enumerate(VALUES)))
    error = VALUES.std(axis=0, ddof=1) / 2
    low, high = t.interval(0.95, 3, VALUES.mean(axis=0), error)
    assert (found.epochs, found.band) == ([1, 2, 3], "95 % interval")
    assert found.means == pytest.approx(VALUES.mean(axis=0))
    assert found.lows == pytest.approx(low)
    assert found.highs == pytest.approx(high)


def test_with_two_seeds_or_params_without_repeats_the_band_is_the_range() -> None:
    two = means_of(*(trained(seed, values) for seed, values in enumerate(VALUES[:2])))
    assert (two.band, two.lows, two.highs) == ("min to max", [0.2, 0.4, 0.4], [0.3, 0.5, 0.5])
    mixed = means_of(*(trained(n, of, lr=0.1 * (n + 1)) for n, of in enumerate(VALUES)))
    assert mixed.band == "min to max"
    assert mixed.lows == pytest.approx(VALUES.min(axis=0))
    assert mixed.highs == pytest.approx(VALUES.max(axis=0))


def test_a_single_trial_has_no_band() -> None:
    alone = means_of(trained(0, VALUES[0]))
    assert (alone.means, alone.band, alone.lows) == ([0.2, 0.4, 0.5], None, [])


def test_the_line_ends_at_the_last_epoch_that_all_trials_have() -> None:
    short = [trained(0, VALUES[0]), trained(1, VALUES[1][:2]), trained(2, VALUES[2])]
    found = means_of(*short)
    assert found.epochs == [1, 2]
    assert found.means == pytest.approx(VALUES[:3, :2].mean(axis=0))
    assert legend_text(NamedGroup("lr 0.1", short)) == (
        "lr 0.1 (3 seeds; band: 95 % interval; to epoch 2, the last of its shortest trial)"
    )


def test_the_legend_says_what_a_group_is() -> None:
    trials = [trained(0, VALUES[0]), trained(0, VALUES[1], lr=0.1, losses="logcosh")]
    assert legend_text(NamedGroup("all", trials)) == (
        "all (1 seed; 2 trials; band: min to max; no loss: several loss functions)"
    )
    assert legend_text(NamedGroup("one", trials[:1])) == "one (1 seed)"


def test_a_report_with_groups_draws_a_line_for_each(sqlite_store: Store) -> None:
    number = store_seeds(
        sqlite_store,
        [(seed, {"lr": lr}, [*map(float, VALUES[seed])]) for seed in range(3) for lr in (0.1, 0.2)],
    )
    document = report_document(sqlite_store, number)
    curves = draw(sqlite_store, document)[0]
    assert curves.title == f"Learning curves of groups of trials - {SHOWN_DATASET}"
    assert [has_colour(curves, colour) for colour in COLOURS[:3]] == [True, True, False]
    of_trials = draw(sqlite_store, report_document(sqlite_store, number, ()))[0]
    assert of_trials.title == f"Learning curves - {SHOWN_DATASET}"


def test_a_group_without_a_score_and_of_several_losses_does_not_stop_the_figure(
    sqlite_store: Store,
) -> None:
    trials: list[tuple[int, dict[str, Any], list[float]]] = [
        (0, {"losses": "logcosh"}, [0.5]),
        (0, {"losses": "categorical_crossentropy"}, [0.5, 0.6]),
        (0, {"losses": "logcosh", "optimizer": "sgd"}, []),
    ]
    number = store_seeds(sqlite_store, trials)
    document = report_document(sqlite_store, number, ("optimizer",))
    mixed = draw(sqlite_store, document)[0]
    apart = draw(sqlite_store, report_document(sqlite_store, number, ("losses",)))[0]
    assert pixels(mixed).shape[1] < pixels(apart).shape[1]
    pending = replace(document, groups=[group for group in document.groups if not group.trials])
    assert draw_group_curves(document.dataset, []) == []
    assert "curves.png" not in [figure.name for figure in draw(sqlite_store, pending)]


def test_many_groups_are_cut_and_the_title_says_so(sqlite_store: Store) -> None:
    document = report_document(sqlite_store, store_tune(sqlite_store, [[0.5]]))
    groups = [NamedGroup(str(n), [trained(0, [0.1, 0.01 * n])]) for n in range(21)]
    [figure] = draw_group_curves(document.dataset, groups)
    assert ", the best 20 of 21 - " in figure.title
