"""The answer to a statement of SQL, in the formats of `runner sql`."""

import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cifar_model.errors import printable
from runner.errors import InputError
from runner.reports.formats.csv_file import csv_line
from runner.reports.formats.extras import needed
from runner.reports.formats.terminal import View, fit_table
from runner.reports.formats.wrapping import width_of
from runner.reports.model import Table
from runner.reports.output import place_for, write_file
from runner.store.read_only import Value

# The largest whole number up to which Arrow's types have all of them.
LIMITS = {"int64": 2**63 - 1, "double": 2**53}

# What is left of a table that is cut is counted up to here.
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class QueryDocument:
    """The answer to a statement: a list of the values of each row, in the order of the columns."""

    columns: list[str]
    rows: Iterable[list[Value]]


def write_lines(lines: Iterable[str], path: Path) -> None:
    """Write a file, which is there when all of it is written.

    A link keeps pointing to its file, and what is no file, such as a pipe, is written as it is.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        _write_through(lines, path)
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    with place_for(path):
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _write_through(lines: Iterable[str], path: Path) -> None:
    with place_for(path), path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)


def as_lines(
    document: QueryDocument, form: str, most: int | None = None, width: int | None = None
) -> Iterator[str]:
    """Return the lines of a format for text; `most` and `width` are those of a table."""
    match form:
        case "csv":
            return as_csv_lines(document)
        case "json":
            return as_json_lines(document)
        case _:
            return as_table_lines(document, most, width)


def write_parquet(document: QueryDocument, path: Path) -> None:
    """Write the rows to a Parquet file."""
    write_file(path, as_parquet(document))


def as_csv_lines(document: QueryDocument) -> Iterator[str]:
    """Yield the lines of a CSV file, reading one row at a time."""
    yield csv_line(document.columns)
    yield from map(csv_line, document.rows)


def as_json_lines(document: QueryDocument) -> Iterator[str]:
    """Yield the lines of one JSON document, reading one row at a time."""
    yield f'{{\n  "columns": {json.dumps(document.columns)},\n  "rows": ['
    before = "\n    "
    for row in document.rows:
        yield before + json.dumps(row, allow_nan=False)
        before = ",\n    "
    yield "]\n}\n" if before == "\n    " else "\n  ]\n}\n"


def as_table_lines(document: QueryDocument, most: int | None, width: int | None) -> Iterator[str]:
    """Yield a table of at most so many rows, and a line that says how many more there are."""
    rows = iter(document.rows)
    shown = list(islice(rows, most))
    yield _table(Table("", [_one_line(name) for name in document.columns], shown), width) + "\n"
    if not shown:
        yield "(no rows)\n"
    if left := sum(1 for _ in islice(rows, MOST_COUNTED + 1)):
        more = f"more than {MOST_COUNTED:,}" if left > MOST_COUNTED else f"{left:,}"
        yield f"... and {more} rows: --rows 0 shows all of them, --format csv writes them\n"


def _table(table: Table, width: int | None) -> str:
    """Return every column if they fit, else those that do."""
    full = fit_table(table, View())
    if width is None or max(map(width_of, full.splitlines())) <= width:
        return full
    return fit_table(table, View(width, more="--format csv has all"))


def _one_line(text: str) -> str:
    """Return a name without line breaks and control characters."""
    return printable(" ".join(text.split()))


def as_parquet(document: QueryDocument) -> bytes:
    """Return a Parquet file with the rows; a column of mixed types becomes text."""
    twice = sorted({name for name in document.columns if document.columns.count(name) > 1})
    if twice:
        raise InputError(
            f"the answer has more than one column {', '.join(twice)}",
            "a name of its own for each column of a Parquet file",
            "rename one with AS, as in SELECT e.loss AS epoch_loss",
        )
    arrow, parquet = (
        needed(module, "parquet", "pyarrow") for module in ("pyarrow", "pyarrow.parquet")
    )
    rows = list(document.rows)
    columns = [_column([row[place] for row in rows]) for place in range(len(document.columns))]
    types = [arrow.type_for_alias(alias) for _, alias in columns]
    arrays = [arrow.array(values, type=of) for (values, _), of in zip(columns, types, strict=True)]
    content = io.BytesIO()
    parquet.write_table(arrow.table(arrays, names=document.columns), content)
    return content.getvalue()


def _column(values: list[Value]) -> tuple[list[Value], str]:
    """Return the values of a column in one type, and the name of that type in Arrow."""
    types = {type(value) for value in values} - {type(None)}
    for known, alias in (({bool}, "bool"), ({int}, "int64"), ({int, float}, "double")):
        if types and types <= known and _holds(alias, values):
            return values, alias
    return [None if value is None else str(value) for value in values], "string"


def _holds(alias: str, values: list[Value]) -> bool:
    """Tell whether a type of Arrow has each whole number exactly."""
    limit = LIMITS.get(alias)
    return limit is None or all(
        -limit <= value <= limit for value in values if isinstance(value, int)
    )
