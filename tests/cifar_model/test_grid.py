"""A grid is sampled by Talos, and refused before anything is written."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from talos.parameters.ParamSpace import ParamSpace, normalize_domains

from cifar_model.errors import InputError
from cifar_model.grid import (
    METHODS,
    PAPER_GRID,
    count_points,
    grid_to_json,
    range_of_talos,
    sample,
)
from cifar_model.params import Params
from cifar_model.spaces.grid_file import read_grid

# Figure 5 of the paper, in our words.
FIGURE_5 = [
    (0.001, 43, 8, 0.2, "adam", "logcosh", "relu", "sigmoid"),
    (0.001, 48, 6, 0.2, "nadam", "categorical_crossentropy", "relu", "sigmoid"),
    (0.001, 48, 9, 0.2, "nadam", "logcosh", "relu", "softmax"),
    (0.001, 31, 9, 0.2, "nadam", "logcosh", "elu", "sigmoid"),
    (0.001, 34, 9, 0.2, "nadam", "categorical_crossentropy", "relu", "softmax"),
]

WHOLE = st.integers(-1000, 1000)
BOUNDS = WHOLE | WHOLE.map(lambda number: number / 128)


def test_the_papers_grid_has_1600_points_and_one_percent_of_it_is_16() -> None:
    assert count_points(PAPER_GRID) == 1600
    rows = sample(PAPER_GRID, 0.01, "uniform_mersenne", 0)
    assert len({json.dumps(row) for row in rows}) == 16


def test_the_rows_of_the_papers_figure_5_are_points_of_its_grid() -> None:
    points = sample(PAPER_GRID, 1.0, "uniform_mersenne", 0)
    for row in FIGURE_5:
        assert dict(zip(PAPER_GRID, row, strict=True)) in points


@pytest.mark.parametrize("seed", [0, 1, 2018])
def test_the_points_are_exactly_those_that_talos_samples(seed: int) -> None:
    space = ParamSpace(
        dict(PAPER_GRID), random_method="uniform_mersenne", fraction_limit=0.01, seed=seed
    )
    expected = [dict(zip(PAPER_GRID, row, strict=True)) for row in space.param_space.tolist()]
    assert list(sample(PAPER_GRID, 0.01, "uniform_mersenne", seed)) == expected


@settings(deadline=None)
@given(start=BOUNDS, end=BOUNDS, steps=st.integers(1, 200))
def test_a_range_has_the_values_that_it_has_in_talos(start: float, end: float, steps: int) -> None:
    assume(start != end)
    expected = normalize_domains({"a": (start, end, steps)})["a"]
    found = range_of_talos(start, end, steps)
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"uniform_crypto"}))
def test_every_method_samples_the_points_of_talos(method: str) -> None:
    for seed in (0, 7):
        space = ParamSpace(PAPER_GRID, random_method=method, fraction_limit=0.02, seed=seed)
        expected = [dict(zip(PAPER_GRID, row, strict=True)) for row in space.param_space.tolist()]
        assert list(sample(PAPER_GRID, 0.02, method, seed)) == expected


def test_a_seed_decides_what_the_documentation_says() -> None:
    decided = {
        method
        for method in METHODS
        if sample(PAPER_GRID, 0.01, method, 0) != sample(PAPER_GRID, 0.01, method, 1)
    }
    assert decided == set(METHODS) - {"sobol", "halton", "korobov_matrix"}
    assert sample(PAPER_GRID, 0.01, "uniform_crypto", 0) != sample(
        PAPER_GRID, 0.01, "uniform_crypto", 0
    )


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"uniform_crypto"}))
def test_a_sample_is_plain_json_and_the_same_again(method: str) -> None:
    rows = list(sample(PAPER_GRID, 0.01, method, 7))
    assert json.loads(json.dumps(rows)) == rows == list(sample(PAPER_GRID, 0.01, method, 7))
    for row in rows:
        Params.from_json(row)


@pytest.mark.parametrize("downsample", [0, 1e-9, -0.5, 2, float("nan"), float("inf")])
def test_a_fraction_that_keeps_nothing_or_too_much_is_refused(downsample: float) -> None:
    with pytest.raises(InputError) as refused:
        sample(PAPER_GRID, downsample, "uniform_mersenne", 0)
    assert "0.000625" in refused.value.expected


@pytest.mark.parametrize("points", [1, 3, 7, 1600, 9_999])
def test_the_smallest_fraction_that_is_named_gives_one_trial(points: int) -> None:
    grid: dict[str, Any] = {"batch_size": list(range(1, points + 1))}
    with pytest.raises(InputError) as refused:
        sample(grid, 1e-9, "uniform_mersenne", 0)
    smallest = float(refused.value.expected.split()[3])
    assert len(sample(grid, smallest, "uniform_mersenne", 0)) == 1


def test_a_value_that_no_trial_could_use_is_refused_though_it_was_not_sampled() -> None:
    with pytest.raises(InputError, match="optimizer='tiger'"):
        sample({**PAPER_GRID, "optimizer": ["adam", "tiger"]}, 0.01, "uniform_mersenne", 0)


def test_a_grid_of_impossible_size_is_refused() -> None:
    grid = {name: list(range(1, 1001)) for name in ("batch_size", "epochs", "filters")}
    with pytest.raises(InputError, match="1,000,000,000 points"):
        sample(grid, 0.01, "uniform_mersenne", 0)


def test_a_grid_file_says_what_the_papers_grid_says(tmp_path: Path) -> None:
    file = tmp_path / "grid.json"
    file.write_text(json.dumps(grid_to_json(PAPER_GRID)))
    assert read_grid(file) == PAPER_GRID


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"lr": []}',
        '{"epochs": {"range": [1, 2]}}',
        '{"epochs": {"range": [5, 5, 5]}}',
        '{"epochs": {"range": [1, 9, 1000000000]}}',
        '{"lr": {"range": [0.001, 1e400, 5]}}',
        '{"lr": {"range": [0.001, NaN, 5]}}',
        '{"lr": {"range": [-1e308, 1e308, 5]}}',
        "[" * 100_000,
        '{"lr": ' + "[" * 100_000,
        '{"lr": [' + "1" * 5_000 + "]}",
    ],
)
def test_a_malformed_grid_file_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "grid.json"
    file.write_text(content)
    with pytest.raises(InputError):
        read_grid(file)


def test_a_missing_grid_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json"):
        read_grid(tmp_path / "nowhere.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_grid_file_is_read_in_every_encoding_that_json_may_have(
    encoding: str, tmp_path: Path
) -> None:
    file = tmp_path / "grid.json"
    file.write_text('{\r\n"lr": [0.1]\r\n}', encoding)
    assert read_grid(file) == {"lr": [0.1]}


@pytest.mark.parametrize(
    ("content", "hint", "mended"),
    [
        ('{\n// rates\n"lr": [0.1]}', "no comments: remove the one on line 2", '{\n"lr": [0.1]}'),
        ('{"lr": [0.1] # rates\n}', "no comments: remove the one on line 1", '{"lr": [0.1] \n}'),
        ('{"lr": [0.1,]}', "remove the comma before ] on line 1", '{"lr": [0.1]}'),
        ('{"lr": [0.1],}', "remove the comma before } on line 1", '{"lr": [0.1]}'),
        ("{'lr': [0.1]}", "double quotes around names and strings on line 1", '{"lr": [0.1]}'),
    ],
)
def test_the_hint_for_a_grid_file_mends_it(
    content: str, hint: str, mended: str, tmp_path: Path
) -> None:
    file = tmp_path / "grid.json"
    file.write_text(content)
    with pytest.raises(InputError) as refused:
        read_grid(file)
    assert hint in refused.value.fix
    file.write_text(mended)
    assert read_grid(file) == {"lr": [0.1]}


def test_a_list_of_100_000_values_is_a_grid(tmp_path: Path) -> None:
    file = tmp_path / "grid.json"
    file.write_text(json.dumps({"lr": [number / 1e6 for number in range(1, 100_001)]}))
    assert len(sample(read_grid(file), 1, "uniform_mersenne", 0)) == 100_000


def test_a_key_that_is_there_twice_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "grid.json"
    file.write_text('{"lr": [0.001], "epochs": [1], "lr": [0.01, 0.1]}')
    with pytest.raises(InputError, match="'lr' is duplicated"):
        read_grid(file)


def test_the_values_of_a_range_are_those_that_a_person_would_type() -> None:
    grid: dict[str, Any] = {"dropout": (0.1, 0.4, 3), "batch_size": (8, 10, 2)}
    points = sample(grid, 1, "uniform_mersenne", 0)
    assert sorted({repr(row["dropout"]) for row in points}) == ["0.1", "0.2", "0.3"]
    assert sorted({repr(row["batch_size"]) for row in points}) == ["8", "9"]
