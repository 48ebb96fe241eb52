"""Texts fit the terminal, and commands in them can still be copied."""

import re

import pytest

from runner.cli.wording.fitting import wrapped

FIX = (
    "submit an experiment, or select another home: `RUNNER_HOME=DIRECTORY runner status`; "
    "`runner submit tune --downsample 0.01 --seed 2 --dataset shapes` is a good one to begin with"
)


@pytest.mark.parametrize("width", range(20, 120, 7))
def test_no_line_is_wider_and_no_word_is_lost(width: int) -> None:
    text = wrapped(FIX, width, "  to fix it: ")
    assert all(len(line) <= width for line in text.splitlines())
    assert re.sub(r"\s+", "", text) == re.sub(r"\s+", "", f"to fix it: {FIX}")


def test_further_lines_begin_under_the_first() -> None:
    first, *others = wrapped(FIX, 80, "  to fix it: ").splitlines()
    assert first.startswith("  to fix it: submit")
    assert all(line.startswith(" " * 13) and line[13] != " " for line in others)


@pytest.mark.parametrize("width", [80, 100])
def test_a_command_that_fits_on_a_line_is_not_broken(width: int) -> None:
    lines = wrapped(FIX, width, "  to fix it: ").splitlines()
    for command in re.findall(r"`[^`]+`", FIX):
        assert sum(command in line for line in lines) == 1


def test_what_is_piped_is_left_as_it_is() -> None:
    assert wrapped(FIX, None, "error: ") == f"error: {FIX}"


def test_a_path_longer_than_the_terminal_is_broken_and_whole() -> None:
    path = "/data/" + "very-long-directory/" * 8 + "runner.db"
    text = wrapped(f"looked for {path}", 40, "error: ")
    assert all(len(line) <= 40 for line in text.splitlines())
    assert path in re.sub(r"\s+", "", text)


def test_signs_of_two_columns_count_as_two() -> None:
    text = wrapped("画像データ" * 12, 40)
    assert [len(line) for line in text.splitlines()] == [20, 20, 20]


def test_lines_of_the_text_stay_lines() -> None:
    assert wrapped("one\n  two\nthree", 80, "warning: ") == (
        "warning: one\n           two\n         three"
    )
