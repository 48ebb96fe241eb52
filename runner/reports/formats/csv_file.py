"""A report as CSV: one table, in which no text is taken for a formula by a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cifar_model.params import RULES, ParamValue
from runner.reports.stats.ranking import PAPER_PARAMS

# What a row may hold under a column's name.
Cell = ParamValue | None

# The paper's params, in its order, and after them every other.
PARAMS = tuple(dict.fromkeys((*PAPER_PARAMS, *RULES)))

# What spreadsheets take for the beginning of a formula, as OWASP lists it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return the file's text; numbers keep every digit and their signs."""
    return "".join(_line(row) for row in (head, *rows))


def _line(row: Sequence[Any]) -> str:
    line = io.StringIO()
    # Only what may end a line is quoted, and a carriage return in a text has to be.
    csv.writer(line, lineterminator="\r\n").writerow([_defused(value) for value in row])
    return line.getvalue().removesuffix("\r\n") + "\n"


def _defused(value: Any) -> Any:
    """Return text that a spreadsheet shows as it is, with OWASP's quote before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_csv(rows: Sequence[Mapping[str, Cell]], first: Sequence[str] = ()) -> str:
    """Return rows as CSV, with these names and every other that any of them has."""
    names = list(dict.fromkeys([*first, *(name for row in rows for name in row)]))
    return csv_file(names, ([row.get(name) for name in names] for row in rows))


def share_of(accuracy: float | None, images: int) -> float | None:
    """Return an accuracy as the share of so many images that it is.

    Keras counts with numbers of four bytes, of which the digits beyond the seventh say nothing.
    """
    if accuracy is None:
        return None
    share = round(accuracy * images) / images
    return share if abs(share - accuracy) < 1e-6 else accuracy
