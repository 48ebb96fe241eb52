"""Write every CSV of ours, with no text in it that a spreadsheet would take for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

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
