"""Columns with fixed names and types: a frame without rows has them too.

A record in a record, such as the best epochs of a trial, becomes columns with a dot in their
names, and an interval those of its two bounds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_type_hints

import pandas as pd

from runner.reports.records import json_name

INTERVAL = ("low", "high")
TIME = "datetime64[us, UTC]"

# Texts of which there are few different ones.
CATEGORIES = frozenset(
    (
        *("state", "kind", "split", "verdict", "method", "segmentation", "dataset"),
        *("data_fingerprint", "fingerprint", "class", "true_class", "predicted_class"),
        *("other_class", "optimizer", "losses", "activation", "last_activation"),
        *("augmentation", "schedule", "precision", "ended_by"),
    )
)
PLAIN = {int: "int64", float: "float64", bool: "bool", datetime: TIME}
WITH_NULLS = {int: "Int64", float: "float64", bool: "boolean", datetime: TIME}

# The type of each column, by its name.
Types = Mapping[str, str]


def types_of(record: type, without: Sequence[str] = ()) -> dict[str, str]:
    """Return the columns of a record and their types."""
    found: dict[str, str] = {}
    for name, hint in get_type_hints(record).items():
        if name not in without:
            found |= _types(json_name(name), hint)
    return found


def _types(name: str, hint: Any) -> dict[str, str]:
    arguments = get_args(hint)
    nullable = NoneType in arguments
    [of, *_] = [each for each in arguments if each is not NoneType] if nullable else [hint]
    if name.endswith("interval"):
        return {f"{name}.{bound}": "float64" for bound in INTERVAL}
    if is_dataclass(of):
        inner = types_of(of) if isinstance(of, type) else {}
        return {
            f"{name}.{each}": _nullable(kind) if nullable else kind for each, kind in inner.items()
        }
    return {name: type_of(name, of, nullable=nullable)}


def type_of(name: str, of: Any, *, nullable: bool = False) -> str:
    """Return the type of a column of plain values."""
    if of is str:
        return "category" if name.rpartition(".")[2] in CATEGORIES else "string"
    return (WITH_NULLS if nullable else PLAIN).get(of, "object")


def _nullable(kind: str) -> str:
    return {"int64": "Int64", "bool": "boolean"}.get(kind, kind)


def flat(values: Mapping[str, Any], types: Types) -> dict[str, Any]:
    """Return the values of a row's columns, from the JSON of a record."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in types:
            found[name] = value
        elif isinstance(value, Mapping):
            found |= flat({f"{name}.{inner}": item for inner, item in value.items()}, types)
        elif isinstance(value, list | tuple) and f"{name}.{INTERVAL[0]}" in types:
            found |= {f"{name}.{bound}": at for bound, at in zip(INTERVAL, value, strict=True)}
    return found


def frame_of_rows(rows: Iterable[Mapping[str, Any]], types: Types) -> pd.DataFrame:
    """Return a frame of rows, each the JSON of a record."""
    found = [flat(row, types) for row in rows]
    return frame({name: [row.get(name) for row in found] for name in types}, types)


def frame(columns: Mapping[str, Sequence[Any]], types: Types) -> pd.DataFrame:
    """Return a frame of these columns, in the order of the types."""
    return pd.DataFrame({name: _column(columns[name], kind) for name, kind in types.items()})


def _column(values: Any, kind: str) -> Any:
    if kind == TIME:
        return pd.Series(pd.to_datetime(values, utc=True), dtype=TIME)
    return pd.Series(values, dtype=kind)
