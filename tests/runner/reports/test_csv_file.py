"""No cell of any CSV is a formula, and numbers stay numbers."""

import ast
import csv
import io
from pathlib import Path

import pytest

import runner
from runner.reports.formats.csv_file import csv_file


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_begins_as_a_formula_does_is_shown_as_it_is(text: str) -> None:
    written = csv_file(["class", text], [[text, "cat"]])
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows == [["class", f"'{text}"], [f"'{text}", "cat"]]


def test_numbers_and_other_text_stay_as_they_are() -> None:
    row = [-0.1, 3, None, "a-b", "cat=dog", ""]
    assert csv_file(["a"] * 6, [row]).splitlines()[1] == "-0.1,3,,a-b,cat=dog,"


def test_nothing_else_of_the_product_writes_a_csv() -> None:
    writers = {
        path.name
        for path in Path(str(runner.__file__)).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import) and any(name.name == "csv" for name in node.names)
    }
    assert writers == {"csv_file.py"}
