"""Tables and texts that fit the width of a terminal."""

import pytest

from runner.errors import InputError
from runner.reports.formats.terminal import View, fit_table
from runner.reports.formats.wrapping import shortened, width_of, wrapped
from runner.reports.model import Table, field_table

TABLE = Table(
    "",
    ("rank", "trial", "val_accuracy", "losses", "state", "activation", "reason"),
    [
        [1, 8, 0.75, "categorical_crossentropy", "succeeded", "relu", "the worker was killed"],
        [2, 9, 0.5, "logcosh", "succeeded", "elu", None],
    ],
    marks=("best", ""),
)


def lines_of(table: Table, view: View) -> list[str]:
    return fit_table(table, view).split("\n")


@pytest.mark.parametrize("width", [20, 33, 47, 60, 80, 120])
def test_no_line_is_wider_than_the_view(width: int) -> None:
    assert max(map(width_of, lines_of(TABLE, View(width)))) <= width


def test_without_a_width_everything_is_shown_in_full() -> None:
    lines = lines_of(TABLE, View())
    assert lines[0].split() == list(TABLE.columns)
    assert lines[2].endswith(
        "categorical_crossentropy  succeeded  relu        the worker was killed"
    )
    assert len(lines) == 4


def test_a_column_that_is_the_same_in_every_row_is_said_once_in_words() -> None:
    text = fit_table(TABLE, View(120))
    assert text.count("succeeded") == 1
    assert "The same in every row: state succeeded." in text


def test_columns_that_do_not_fit_are_counted_and_the_first_are_kept() -> None:
    lines = lines_of(TABLE, View(30))
    assert lines[0].split() == ["rank", "trial", "val_accuracy"]
    assert lines[-1].startswith("3 more columns (--wide):")
    assert lines_of(TABLE, View(80, more="see --format json"))[0].split()[-1] == "reason"


def test_a_long_cell_is_shortened_after_a_word() -> None:
    assert "categorical_…" in fit_table(TABLE, View(56))
    assert shortened("out of memory again", 12) == "out of…"
    assert shortened("abcdefghijkl", 6) == "abcde…"
    assert shortened("fits", 4) == "fits"


def test_a_heading_is_wrapped_before_a_column_is_left_out() -> None:
    table = Table("", ("image", "removed_random"), [[1, 0.5], [2, 0.25]])
    assert lines_of(table, View(15))[:2] == ["       removed_", "image    random"]


def test_exactly_the_named_columns_are_shown_in_their_order() -> None:
    lines = lines_of(TABLE, View(80, columns=("state", "trial")))
    assert lines[0].split() == ["state", "trial"]
    assert lines[2].split() == ["succeeded", "8"]
    assert len(lines) == 4


def test_an_unknown_column_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="no column 'val_acuracy'; did you mean 'val_accuracy'"):
        fit_table(TABLE, View(80, columns=("val_acuracy",)))


def test_what_one_row_has_no_room_for_is_said_below_it() -> None:
    table = Table("", TABLE.columns, TABLE.rows[:1])
    text = fit_table(table, View(30))
    assert "Also: losses" in text
    assert "worker was killed." in " ".join(text.split())


def test_values_of_a_field_table_are_wrapped_not_shortened() -> None:
    words = "tensorflow 2.21.0 keras 3.15.1 numpy 2.4.6"
    text = fit_table(field_table("", {"fingerprint": words}), View(30))
    assert " ".join(text.split()).endswith(words)


def test_east_asian_characters_count_twice() -> None:
    table = Table("", ("類", "n"), [["日本語", 1], ["x", 2]])
    lines = lines_of(table, View(20))
    assert [width_of(line) for line in lines] == [9, 9, 9, 9]
    assert max(map(width_of, lines_of(table, View(6)))) <= 6


def test_color_marks_rows_only_where_it_is_asked_for() -> None:
    assert "\x1b[32m" in fit_table(TABLE, View(80, color=True))
    assert "\x1b" not in fit_table(TABLE, View(80))


def test_a_control_character_of_a_name_does_not_reach_the_terminal() -> None:
    table = Table("", ("class",), [["a\x1b[31mb"]])
    assert "\x1b" not in fit_table(table, View(80))


def test_paragraphs_keep_words_whole_and_break_paths_at_slashes() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("  see /some/long/path/file", 14) == ["  see", "  /some/long/", "  path/file"]
    assert wrapped("first\n  second line", 10) == ["first", "  second", "  line"]
