"""Trials grouped by params: seeds are repeats of a row, not rows."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from scipy.stats import studentized_range, t

from runner.cli.report import report
from runner.errors import InputError
from runner.reports.experiment.document import report_document
from runner.reports.groups import SHEET, read_group_by
from runner.reports.leaderboard import leaderboard_document
from runner.reports.stats.ranking import PARAMS
from runner.reports.stats.repeats import Group, grouped, interval_over_seeds
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope
from tests.runner.reports.stored import (
    DATASET,
    make_trial,
    store_evaluation,
    store_seeds,
    store_tune,
)


def of(optimizer: str, lr: float) -> dict[str, Any]:
    return {"optimizer": optimizer, "lr": lr, "epochs": 2}


# (seed, params, val_accuracy by epoch): two optimizers, each with two rates and some seeds.
TRIALS: list[tuple[int, dict[str, Any], list[float]]] = [
    *((seed, of("adam", 0.1), [0.1, value]) for seed, value in enumerate((0.5, 0.6, 0.8))),
    *((seed, of("adam", 0.2), [0.1, value]) for seed, value in enumerate((0.4, 0.45))),
    (0, of("sgd", 0.1), [0.1, 0.3]),
    (1, of("sgd", 0.1), []),
]
Call = Callable[..., Result]

ADAM = [[0.5, 0.6, 0.8], [0.4, 0.45]]


def expected_interval(scores: list[list[float]]) -> tuple[float, float]:
    """Return the interval of the mean by ordinary least squares with a column for each params."""
    values = np.concatenate([np.array(of) for of in scores])
    columns = np.zeros((len(values), len(scores)))
    columns[
        np.arange(len(values)), np.repeat(np.arange(len(scores)), [len(of) for of in scores])
    ] = 1
    fitted, *_ = np.linalg.lstsq(columns, values, rcond=None)
    freedom = len(values) - len(scores)
    variance = ((values - columns @ fitted) ** 2).sum() / freedom
    shares = columns.mean(axis=0)
    error = np.sqrt(variance * shares @ np.linalg.inv(columns.T @ columns) @ shares)
    low, high = t.interval(0.95, freedom, shares @ fitted, error)
    return float(low), float(high)


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Offer `runner report`, with a home of its own for figures."""

    def called(store: Store, *arguments: object, code: int = 0) -> Result:
        environment = {"RUNNER_DATABASE_URL": store.url, "RUNNER_HOME": str(tmp_path)}
        words = [str(one) for one in arguments]
        done = CliRunner().invoke(report, words, env=environment, catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done

    return called


def one(trials: list[tuple[int, float | None, dict[str, Any]]], *names: str) -> Group:
    """Return the group of trials, each given by its seed, its val_accuracy and its params."""
    members = [
        make_trial(trial=number, seed=seed, val_accuracy=value, params=params)
        for number, (seed, value, params) in enumerate(trials, start=1)
    ]
    [group] = grouped(members, names, "val_accuracy")
    return group


@pytest.mark.parametrize(
    "scores", [ADAM, [[0.5, 0.6]], [[0.5, 0.6], [0.1]], [[0.1] * 3, [0.2] * 3]]
)
def test_the_interval_is_over_seeds_only(scores: list[list[float]]) -> None:
    assert interval_over_seeds(scores) == pytest.approx(expected_interval(scores))


def test_the_interval_over_seeds_holds_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(3).normal(0, 0.02, (1000, 3, 3)) + np.array([[0.2], [0.5], [0.9]])
    found = [interval_over_seeds(draw.tolist()) or [1, 0] for draw in draws]
    held = sum(low <= np.mean([0.2, 0.5, 0.9]) <= high for low, high in found)
    assert 930 <= held <= 970


def test_the_interval_of_an_accuracy_has_no_value_that_an_accuracy_cannot_have() -> None:
    group = one([(0, 0.9, {}), (1, 1.0, {})])
    assert group.interval is not None
    assert group.interval[0] < 0.9
    assert group.interval[1] == 1.0
    members = [make_trial(trial=n, seed=n, val_loss=loss) for n, loss in enumerate((0.1, 0.9))]
    [losses] = grouped(members, (), "val_loss")
    assert losses.interval is not None
    assert losses.interval[0] < 0


def test_a_single_seed_has_no_interval_but_a_spread_if_its_params_differ() -> None:
    alone = one([(0, 0.5, {})])
    assert (alone.mean, alone.interval, alone.spread) == (0.5, None, None)
    assert (alone.lowest, alone.highest) == (0.5, 0.5)
    mixed = one([(0, 0.5, {"lr": 0.1}), (0, 0.7, {"lr": 0.2})])
    assert (mixed.interval, mixed.varying, mixed.seeds) == (None, ["lr"], [0])
    assert mixed.spread == pytest.approx(np.std([0.5, 0.7], ddof=1))
    # Different seeds of different params do not show the variation between seeds either.
    assert one([(0, 0.5, {"lr": 0.1}), (1, 0.7, {"lr": 0.2})]).interval is None


def test_the_same_params_and_seed_count_once() -> None:
    group = one([(0, 0.5, {}), (0, 0.5, {"lr": 0.001}), (1, 0.7, {})])
    assert (group.trials, group.seeds) == ([1, 3], [0, 1])
    assert group.mean == pytest.approx(0.6)


def test_trials_without_a_score_are_counted_and_left_out() -> None:
    group = one([(0, 0.5, {}), (1, None, {}), (2, None, {"lr": 0.1})])
    assert (group.trials, group.unscored, group.mean, group.varying) == ([1], 2, 0.5, [])
    nothing = one([(0, None, {}), (1, None, {})])
    assert (nothing.mean, nothing.interval, nothing.spread) == (None, None, None)
    assert (nothing.lowest, nothing.trials, nothing.unscored) == (None, [], 2)


def test_an_experiment_with_repeats_is_grouped_by_all_params(store: Store) -> None:
    document = report_document(store, store_seeds(store, TRIALS))
    assert document.group_by == list(PARAMS)
    shown = [(of.rank, of.params["optimizer"], of.params["lr"]) for of in document.groups]
    assert shown == [(1, "adam", 0.1), (2, "adam", 0.2), (3, "sgd", 0.1)]
    first, second, third = document.groups
    assert first.mean == pytest.approx(np.mean(ADAM[0]))
    low, high = expected_interval([ADAM[0]])
    # An accuracy is at most 1.
    assert high > 1
    assert first.interval == pytest.approx((low, 1))
    assert (first.lowest, first.highest, first.varying) == (0.5, 0.8, [])
    assert (third.interval, third.unscored, third.seeds) == (None, 1, [0])
    # Tukey and Kramer, with the variance between seeds pooled over all params; 10 images.
    variance = (2 * np.var(ADAM[0], ddof=1) + np.var(ADAM[1], ddof=1)) / 3
    apart = np.mean(ADAM[0]) - 0.3
    reach = studentized_range.ppf(0.95, 3, 3) * np.sqrt(variance / 2 * (1 / 3 + 1))
    assert (first.noise, third.noise) == (None, apart <= reach)
    assert second.noise is True
    assert [trial.trial for trial in document.trials if trial.trial]


def test_without_repeats_or_with_none_there_are_no_groups(call: Call, sqlite_store: Store) -> None:
    once = report_document(sqlite_store, store_tune(sqlite_store, [[0.5], [0.6]]))
    assert (once.group_by, once.groups) == ([], [])
    number = store_seeds(sqlite_store, TRIALS)
    assert report_document(sqlite_store, number, ()).groups == []
    rows = call(sqlite_store, number, "--group-by", "none").stdout
    assert "Scores of the last epoch" in rows
    assert "Scores of the last epoch" not in call(sqlite_store, number).stdout


def test_params_that_are_not_named_are_averaged_over_and_reported(call: Call, store: Store) -> None:
    number = store_seeds(store, TRIALS)
    text = call(store, number, "--group-by", "optimizer").stdout
    assert "Within groups these params vary: lr." in text
    assert "1 of 2 groups have no interval over seeds" in text
    assert "1 trials have no score and are in no mean." in text
    found = json.loads(call(store, number, "--group-by", "optimizer", "--format", "json").stdout)
    assert found["group_by"] == ["optimizer"]
    adam, sgd = found["groups"]
    every = [*ADAM[0], *ADAM[1]]
    assert (adam["params"]["optimizer"], adam["varying"]) == ("adam", ["lr"])
    assert (len(adam["trials"]), adam["seeds"]) == (5, [2, 1, 0])
    assert adam["mean"] == pytest.approx(np.mean(every))
    assert adam["spread"] == pytest.approx(np.std(every, ddof=1))
    assert adam["interval"] == pytest.approx(expected_interval(ADAM))
    # Their means can differ because of the lr, so they are not compared.
    assert sgd["noise"] is None
    assert (sgd["params"]["lr"], sgd["seeds"], sgd["unscored"]) == (0.1, [0], 1)
    assert len(found["trials"]) == len(TRIALS)


def test_several_experiments_are_grouped_in_a_leaderboard(call: Call, store: Store) -> None:
    """Seeds of separate experiments are repeats; trials of other images are another group."""
    numbers = [store_seeds(store, TRIALS[:3]), store_seeds(store, [(7, *TRIALS[0][1:])])]
    other = store_seeds(store, [(8, *TRIALS[0][1:])], fingerprint="f" * 64, title="other")
    found = leaderboard_document(store, Scope((*numbers, other)), "val_accuracy", 20, PARAMS)
    first, second = found.groups
    assert (first.seeds, first.dataset) == ([0, 1, 2, 7], DATASET["title"])
    values = [0.5, 0.6, 0.8, 0.5]
    assert first.mean == pytest.approx(np.mean(values))
    assert first.interval == pytest.approx(expected_interval([values]))
    assert (second.dataset, second.seeds, second.interval, second.noise) == (
        "other",
        [8],
        None,
        None,
    )
    by_loss = leaderboard_document(store, Scope(numbers), "val_loss", 1, ("lr",)).groups
    assert [(group.mean, group.noise, group.rank) for group in by_loss] == [(4.0, None, 1)]
    text = call(store, *numbers, other, "--group-by", "all", "--top", 1).stdout
    assert "the first 1 groups of 5 trials" in text
    assert "Best groups of trials" in text


@pytest.mark.parametrize("board", [False, True])
def test_csv_and_parquet_have_a_row_for_each_group_with_one_schema(
    call: Call, sqlite_store: Store, tmp_path: Path, board: bool
) -> None:
    number = store_seeds(sqlite_store, TRIALS)
    asked = [number, "--group-by", "optimizer", *(["--top", 5] if board else [])]
    rows = list(csv.DictReader(io.StringIO(call(sqlite_store, *asked, "--format", "csv").stdout)))
    assert tuple(rows[0]) == SHEET
    assert [(row["optimizer"], row["trials"], row["seeds"]) for row in rows] == [
        ("adam", "5", "3"),
        ("sgd", "1", "1"),
    ]
    low, high = expected_interval(ADAM)
    assert float(rows[0]["mean_low"]) == pytest.approx(low)
    assert float(rows[0]["mean_high"]) == pytest.approx(high)
    assert (rows[0]["lr"], rows[0]["varying"]) == ("", "lr")
    assert (rows[1]["lr"], rows[1]["mean_low"], rows[1]["spread"]) == ("0.1", "", "")
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra `parquet` is not installed")
    out = tmp_path / "groups.parquet"
    call(sqlite_store, *asked, "--format", "parquet", "--out", out)
    table = parquet.read_table(out)
    assert tuple(table.column_names) == SHEET
    assert table["mean"].to_pylist() == [float(row["mean"]) for row in rows]
    types = {name: str(table.schema.field(name).type) for name in ("seeds", "mean", "noise", "lr")}
    assert types == {"seeds": "int64", "mean": "double", "noise": "bool", "lr": "double"}


@pytest.mark.parametrize("board", [False, True])
def test_columns_of_groups_are_those_of_the_csv(
    call: Call, sqlite_store: Store, board: bool
) -> None:
    number = store_seeds(sqlite_store, TRIALS)
    top = ["--top", 5] if board else []
    asked = [number, "--group-by", "optimizer", *top, "--columns", "optimizer,trials"]
    lines = [line.split() for line in call(sqlite_store, *asked).stdout.splitlines()]
    assert [line for line in lines if line[:1] in (["adam"], ["sgd"])] == [
        ["adam", "5"],
        ["sgd", "1"],
    ]


def test_csv_has_trials_unless_groups_are_asked_for(call: Call, sqlite_store: Store) -> None:
    number = store_seeds(sqlite_store, TRIALS)
    rows = csv.DictReader(io.StringIO(call(sqlite_store, number, "--format", "csv").stdout))
    assert len(list(rows)) == len(TRIALS)


def test_pages_and_markdown_have_the_groups(
    call: Call, sqlite_store: Store, tmp_path: Path
) -> None:
    number = store_seeds(sqlite_store, TRIALS)
    for form in ("markdown", "html"):
        out = tmp_path / f"groups.{form}"
        call(sqlite_store, number, "--group-by", "optimizer,lr", "--format", form, "--out", out)
        text = out.read_text()
        assert "of groups of trials" in text.replace("\\", "")
        assert "--group-by optimizer,lr" in text.replace("\\", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("optimiser", "did you mean 'optimizer'?"),
        ("lr,", "one or several of lr, batch_size"),
        ("", "all, none, or one or several of"),
        ("lr,all", "is not a param"),
        ("seed", "is not a param"),
        ("lr,\x1b[31m", "is not a param"),
    ],
)
def test_an_unknown_param_is_refused_with_the_names_there_are(text: str, expected: str) -> None:
    with pytest.raises(InputError, match="--group-by") as refused:
        read_group_by(text)
    assert expected in str(refused.value)


def test_names_are_read_once_and_in_their_order() -> None:
    assert read_group_by(" optimizer , lr,optimizer") == ("optimizer", "lr")
    assert read_group_by("all") == PARAMS
    assert (read_group_by("none"), read_group_by(None)) == ((), None)


def test_what_has_no_groups_is_refused(call: Call, sqlite_store: Store) -> None:
    number = store_seeds(sqlite_store, TRIALS)
    for form in ("talos", "tensorboard"):
        done = call(sqlite_store, number, "--group-by", "lr", "--format", form, code=2)
        assert "cannot be combined with --group-by" in done.stderr
    with pytest.raises(InputError, match="is of kind evaluate"):
        call(sqlite_store, store_evaluation(sqlite_store), "--group-by", "lr")
