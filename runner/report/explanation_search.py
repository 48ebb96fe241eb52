"""The document and the text of `runner explanations`: what was found, and what it comes to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner.errors import InputError
from runner.report.explanation_parts import strongest_weights
from runner.report.explanations import explanation_row
from runner.report.parts import Note, Part, Table
from runner.report.uncertainty import wilson
from runner.store import explanations
from runner.store.engine import Connection, Store

VERDICTS = ("sound", "weak", "void")
CELL = ("true_class", "predicted_class")
# Only LIME has an R2; its mean is over those that have one.
MEANS = {"superpixels": "explanations", "r2": "fits", "stability": "explanations"}
SHOWN = (
    *("experiment", "trial", "image", *CELL, "class", "probability", "method", "superpixels"),
    *("r2", "stability", "verdict", "removed", "removed_random"),
)


def search_document(store: Store, wanted: explanations.Wanted, count: int) -> dict[str, Any]:
    """Return what is known of the explanations that are wanted, with the newest of them."""
    with store.read() as connection:
        classes = explanations.class_lists(connection, wanted)
        _check_classes(wanted, classes)
        cells = _cells(connection, wanted, classes)
        newest = explanations.newest(connection, wanted, classes, count) if classes else []
        rows = [
            {
                "experiment": row["experiment"],
                **explanation_row(row, classes[row["experiment"]]),
            }
            for row in newest
        ]
    return {**_summary(cells), "cells": [_cell(*item) for item in cells.items()], "newest": rows}


def search_parts(document: Mapping[str, Any]) -> list[Part]:
    """Return the parts of the text."""
    if not document["explanations"]:
        return [Note("no such explanation: see `runner submit explain --help`")]
    columns = ("explanations", *VERDICTS, *(f"mean_{name}" for name in MEANS), "checked", "lowered")
    cells = [[cell[name] for name in (*CELL, *columns)] for cell in document["cells"]]
    rows = [[*(row[name] for name in SHOWN), strongest_weights(row)] for row in document["newest"]]
    return [
        Table("All", columns, [[document[name] for name in columns]]),
        *([Note(_deletion(document))] if document["checked"] else []),
        Table("By true and predicted class", (*CELL, *columns), cells),
        Table("The newest", (*SHOWN, "weights"), rows),
    ]


def _deletion(document: Mapping[str, Any]) -> str:
    low, high = document["lowered_interval"]
    return (
        f"Removing the regions for the class lowered its probability more than random regions of"
        f" the same area in {document['lowered']} of {document['checked']}"
        f" (95 % interval: {low:.1%} to {high:.1%})."
    )


def _check_classes(wanted: explanations.Wanted, classes: Mapping[int, list[str]]) -> None:
    known = dict.fromkeys(name for names in classes.values() for name in names)
    unknown = [name for name in wanted.classes.values() if name not in known]
    if unknown and known:
        raise InputError(
            f"no data set of these explanations has a class {', '.join(unknown)}",
            f"one of {', '.join(known)}",
            "correct the name",
        )


def _cells(
    connection: Connection, wanted: explanations.Wanted, classes: Mapping[int, list[str]]
) -> dict[tuple[str, str], list[Mapping[Any, Any]]]:
    """Return the groups by the names of their true and predicted class, of all experiments."""
    found: dict[tuple[str, str], list[Mapping[Any, Any]]] = {}
    for group in explanations.groups(connection, wanted, classes) if classes else []:
        names = classes[group["experiment"]]
        key = names[group["true_label"]], names[group["predicted_label"]]
        found.setdefault(key, []).append(group)
    return dict(sorted(found.items()))


def _cell(key: tuple[str, str], groups: Sequence[Mapping[Any, Any]]) -> dict[str, Any]:
    return dict(zip(CELL, key, strict=True)) | _numbers(groups)


def _summary(cells: Mapping[Any, Sequence[Mapping[Any, Any]]]) -> dict[str, Any]:
    numbers = _numbers([group for groups in cells.values() for group in groups])
    checked, lowered = numbers["checked"], numbers["lowered"]
    return numbers | {"lowered_interval": wilson(lowered, checked) if checked else None}


def _numbers(groups: Iterable[Mapping[Any, Any]]) -> dict[str, Any]:
    """Return how many there are of each verdict, the means, and how many checks went well."""
    groups = list(groups)
    count = sum(group["explanations"] for group in groups)
    verdicts = {
        verdict: sum(group["explanations"] for group in groups if group["verdict"] == verdict)
        for verdict in VERDICTS
    }
    means = {f"mean_{name}": _mean(groups, name, over) for name, over in MEANS.items()}
    checks = {name: sum(int(group[name]) for group in groups) for name in ("checked", "lowered")}
    return {"explanations": count, **verdicts, **means, **checks}


def _mean(groups: Sequence[Mapping[Any, Any]], name: str, over: str) -> float | None:
    count = sum(group[over] for group in groups)
    return sum(float(group[name] or 0) for group in groups) / count if count else None
