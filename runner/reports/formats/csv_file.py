"""A report as CSV: one table, with text escaped so that spreadsheets do not run formulas."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cifar_model.params import ParamValue

# The value of one cell.
Cell = ParamValue | None

# The first characters of a formula in spreadsheets, as listed by OWASP.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return the CSV text. Numbers are written at full precision."""
    return "".join(csv_line(row) for row in (head, *rows))


def csv_line(row: Sequence[Any]) -> str:
    """Return one line of a CSV file."""
    line = io.StringIO()
    # The writer quotes carriage returns in a text only if the line terminator contains one.
    csv.writer(line, lineterminator="\r\n").writerow([_defused(value) for value in row])
    return line.getvalue().removesuffix("\r\n") + "\n"


def _defused(value: Any) -> Any:
    """Return a value; text that looks like a formula is prefixed with a quote, as OWASP advises."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_csv(rows: Sequence[Mapping[str, Cell]], first: Sequence[str] = ()) -> str:
    """Return rows as CSV. The columns are `first`, followed by all other names in the rows."""
    names = list(dict.fromkeys([*first, *(name for row in rows for name in row)]))
    return csv_file(names, ([row.get(name) for name in names] for row in rows))


def share_of(accuracy: float | None, images: int) -> float | None:
    """Return an accuracy as a count divided by the number of images, at full precision.

    Keras computes accuracies in float32, which has only about seven significant digits.
    """
    if accuracy is None or not images:
        return accuracy
    share = round(accuracy * images) / images
    return share if abs(share - accuracy) < 1e-6 else accuracy
