"""An answer, and its values in the same plain types on both databases."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Value = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The names of the columns, and the rows, which can be iterated over once."""

    columns: list[str]
    rows: Iterator[list[Value]]


def plain_row(row: Sequence[Any]) -> list[Value]:
    """Return the values of a row in plain types."""
    return [_plain(value) for value in row]


def _plain(value: Any) -> Value:
    match value:
        case None | bool() | int() | str():
            plain: Value = value
        case float():
            plain = value if math.isfinite(value) else str(value)
        case Decimal():
            whole = value == value.to_integral_value() if value.is_finite() else False
            exact = whole and value.as_tuple().exponent == 0
            plain = int(value) if exact else _plain(float(value))
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            plain = moment.isoformat(timespec="milliseconds")
        case bytes() | memoryview():
            plain = f"<{len(value):,} bytes>"
        case list() | dict():
            plain = json.dumps(value, default=str)
        case _:
            plain = str(value)
    return plain
