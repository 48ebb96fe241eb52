"""Grids with ranges and conditions, in JSON and YAML."""

import json
from pathlib import Path
from typing import Any

import pytest

from cifar_model.errors import InputError
from cifar_model.grid import GRIDS, count_points, given_grid, grid_to_json, is_finite, sample
from cifar_model.params import Params
from cifar_model.spaces.grid_file import lines_of, read_grid
from cifar_model.spaces.space import Range, read_range_text

METHOD = "uniform_mersenne"

YAML = """\
# What is searched.
lr: {low: 1e-4, high: 3e-2, log: true}
batch_size: {low: 8, high: 32, step: 8}
epochs: 3
optimizer: [adam, sgd]
momentum: {values: [0.8, 0.9], when: {optimizer: sgd}}
dropout:
  range: [0.1, 0.4, 3]
"""

JSON = """
{"lr": {"low": 1e-4, "high": 3e-2, "log": true},
 "batch_size": {"low": 8, "high": 32, "step": 8},
 "epochs": 3,
 "optimizer": ["adam", "sgd"],
 "momentum": {"values": [0.8, 0.9], "when": {"optimizer": "sgd"}},
 "dropout": {"range": [0.1, 0.4, 3]}}
"""


def write(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "space"
    path.write_text(content)
    return path


def test_a_file_is_json_or_yaml_by_its_content(tmp_path: Path) -> None:
    from_yaml = read_grid(write(tmp_path, YAML))
    assert from_yaml == read_grid(write(tmp_path, JSON))
    assert from_yaml["lr"] == Range(1e-4, 3e-2, log=True)
    assert given_grid(json.loads(json.dumps(grid_to_json(from_yaml)))) == from_yaml


def test_a_conditional_parameter_is_part_of_the_points_that_meet_its_condition() -> None:
    grid = given_grid(
        {
            "lr": [0.1, 0.2],
            "momentum": {"values": [0.8, 0.9], "when": {"optimizer": "sgd"}},
            "optimizer": ["adam", "sgd"],
            "nesterov": {"values": [True, False], "when": {"momentum": 0.9}},
        }
    )
    points = sample(grid, 1, METHOD, 0)
    # For each lr: adam; sgd with 0.8; sgd with 0.9 and both values of nesterov.
    assert len(points) == count_points(grid) == 2 * (1 + 1 + 2)
    assert len({json.dumps(point) for point in points}) == 8
    for point in points:
        assert ("momentum" in point) == (point["optimizer"] == "sgd")
        assert ("nesterov" in point) == (point.get("momentum") == 0.9)
        Params.from_json(point)


def test_a_range_with_a_step_has_both_ends_and_whole_numbers_where_they_are_meant() -> None:
    grid = given_grid(
        {
            "batch_size": {"low": 8.0, "high": 32, "step": 8},
            "dropout": {"low": 0, "high": 0.3, "step": 0.1},
            "epochs": {"low": 1, "high": 3},
        }
    )
    points = sample(grid, 1, METHOD, 0)
    assert sorted({repr(point["batch_size"]) for point in points}) == ["16", "24", "32", "8"]
    assert sorted({repr(point["dropout"]) for point in points}) == ["0.0", "0.1", "0.2", "0.3"]
    assert sorted({repr(point["epochs"]) for point in points}) == ["1", "2", "3"]


def test_the_built_in_grids_are_valid_to_their_last_point() -> None:
    assert [is_finite(grid) for grid in GRIDS.values()] == [True, True, False]
    assert count_points(GRIDS["small"]) == 12
    assert len(sample(GRIDS["small"], 1, METHOD, 0)) == 12


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ("lr: []", "the grid's lr is"),
        ("lr: {low: 0.1, high: 0.01}", "low that is below high"),
        ("dropout: {low: 0, high: 5.0e-324}", "a low and a high with numbers between them"),
        ("dropout: {low: 0.1, high: 0.10000000000000002}", "numbers between them"),
        ("lr: {low: 0, high: 0.1, log: true}", "no logarithm of 0"),
        ("lr: {low: 0.001, high: 0.1, log: true, step: 0.1}", "either log or step"),
        ("lr: {low: 0.001, high: 0.1, log: maybe}", "log: true"),
        ("lr: {low: 0.001, high: .inf}", "three numbers"),
        ("lr: {low: 0.001, high: 0.1, stop: 3}", "the grid's lr is"),
        ("lr: {low: 0.001, high: 0.1}", "infinitely many values"),
        ("lr: {low: 0.001, high: 0.1, step: 0.0000001}", "at most 10,000 steps"),
        ("batch_size: {low: 8.5, high: 16}", "batch_size=8.5"),
        ("activation: [relu, tiger]", "activation='tiger'"),
        ("nothing: [1]", "unknown parameter 'nothing'"),
        (
            "nesterov: {values: [true], when: {optimizer: lion}}",
            "nesterov is never part of a point",
        ),
        ("nesterov: {values: [true], when: {optimizer: tiger}}", "optimizer='tiger'"),
        ("nesterov: {values: [true], when: {filters: 3}}", "which the grid does not have"),
        ("nesterov: {values: [true], when: sgd}", "the condition of nesterov"),
        ("nesterov: {values: [true], when: {nesterov: true}}", "the condition of nesterov"),
        (
            "ema: {values: [0.9], when: {warmup: 0}}\nwarmup: {values: [0], when: {ema: 0.9}}",
            "depend on each other",
        ),
    ],
)
def test_a_space_that_cannot_be_is_refused_with_its_line(
    wrong: str, what: str, tmp_path: Path
) -> None:
    path = write(tmp_path, f"# a comment\nepochs: [1]\noptimizer: [adam, sgd]\n{wrong}\n")
    with pytest.raises(InputError) as refused, lines_of(path):
        sample(read_grid(path), 1, METHOD, 0)
    assert what in str(refused.value)
    assert refused.value.what.startswith(f"line 4 of {str(path)!r}: ")


def test_the_line_of_a_parameter_in_json_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, '{"epochs": [1],\n "lr":\n  {"low": 0, "high": 1, "log": true}}')
    with pytest.raises(InputError, match="line 2 of"):
        read_grid(path)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ("lr: [0.1", "not valid YAML"),
        ("lr: [0.1]\nlr: [0.2]", "'lr' is duplicated, on line 2"),
        ("lr: &a [0.1]\nema: *a", "alias"),
        ("lr: !!python/object:os.system [1]", "could not determine a constructor"),
        ("- lr", "not an object with keys"),
        ("1: [2]", "without a name"),
        ("just words", "not an object with keys"),
        ("", "not an object with keys"),
        ("lr: " + "[" * 10_000, "nested too deeply"),
        ("lr: [0.1]\x00", "not valid YAML"),
        ("lr: [" + "1" * 5_000 + "]", "give shorter numbers"),
    ],
)
def test_malformed_yaml_is_refused(wrong: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=what):
        read_grid(write(tmp_path, wrong))


def test_words_of_yaml_1_1_are_words(tmp_path: Path) -> None:
    grid: dict[str, Any] = dict(
        read_grid(write(tmp_path, "a: [no, on, 1e-4, 1_000, 010, 2020-01-01, true, 'true']"))
    )
    assert grid["a"] == ["no", "on", 1e-4, "1_000", 10, "2020-01-01", True, "true"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1e-4..1e-2:log", Range(1e-4, 1e-2, log=True)),
        ("8..64:8", Range(8, 64, 8)),
        ("0..0.5", Range(0, 0.5)),
        ("0.1", None),
    ],
)
def test_an_option_can_be_a_range(text: str, found: Range | None) -> None:
    assert read_range_text("lr", text) == found


@pytest.mark.parametrize("text", ["..", "1..", "1..x", "1..2:step", "2..1", "0..1:log"])
def test_an_option_that_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_range_text("lr", text)
