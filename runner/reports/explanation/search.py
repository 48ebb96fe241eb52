"""Explanations of all experiments by verdict and class: `runner explanations`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from runner.errors import InputError
from runner.reports.explanation.mean_masks import mean_masks
from runner.reports.explanation.rows import explanation_row
from runner.reports.explanation.view import strongest_weights
from runner.reports.model import Figure, Note, Part, Report, Table, dataset_name, each_dataset
from runner.reports.stats.uncertainty import wilson
from runner.store.engine import Store
from runner.store.queries import explanations

Group = Mapping[Any, Any]

VERDICTS = ("sound", "weak", "void")
CELL = ("true_class", "predicted_class")
# Only LIME has an R2; its mean is over those that have one.
MEANS = {
    "superpixels": "explanations",
    "r2": "fits",
    "stability": "explanations",
    "deletion_area": "drawn",
    "insertion_area": "drawn",
}
NUMBERS = (
    *("explanations", *VERDICTS, "sound_share", *(f"mean_{name}" for name in MEANS)),
    *("checked", "lowered"),
)


def search_document(
    store: Store, wanted: explanations.Wanted, count: int, masks: bool
) -> dict[str, Any]:
    """Return what is known of the explanations that are wanted, with the newest of them.

    Only with `masks` are the masks of all of them read, and their means added.
    """
    with store.read() as connection:
        datasets = explanations.datasets(connection, wanted)
        classes = {number: list(dataset["classes"]) for number, dataset in datasets.items()}
        _check_classes(wanted, classes)
        groups = explanations.groups(connection, wanted, classes) if classes else []
        by_cell, by_class = _grouped(groups, classes, cell_of), _grouped(groups, classes, class_of)
        means = mean_masks(connection, wanted, classes) if masks and classes else None
        newest = explanations.newest(connection, wanted, classes, count) if classes else []
        rows = [
            {
                "experiment": row["experiment"],
                "dataset": datasets[row["experiment"]]["title"],
                "data_fingerprint": datasets[row["experiment"]]["fingerprint"],
                **explanation_row(row, classes[row["experiment"]]),
            }
            for row in newest
        ]
    cells = [dict(zip(CELL, key, strict=True)) | _numbers(of) for key, of in by_cell.items()]
    named = [{"class": key} | _numbers(of) for key, of in by_class.items()]
    if means:
        cells = [cell | means.of_cell(*(cell[name] for name in CELL)) for cell in cells]
        named = [row | means.of_class(row["class"]) for row in named]
    shown = sorted({group["experiment"] for group in groups})
    return {
        **_summary(groups),
        "datasets": each_dataset(datasets[number] for number in shown),
        "classes": named,
        "cells": cells,
        "newest": rows,
    }


def _check_classes(wanted: explanations.Wanted, classes: Mapping[int, list[str]]) -> None:
    known = dict.fromkeys(name for names in classes.values() for name in names)
    unknown = [name for name in wanted.classes.values() if name not in known]
    if unknown and known:
        raise InputError(
            f"no data set of these explanations has a class {', '.join(unknown)}",
            f"one of {', '.join(known)}",
            "correct the name",
        )


def _grouped(
    groups: Iterable[Group], classes: Mapping[int, list[str]], key_of: Callable[..., Any]
) -> dict[Any, list[Group]]:
    """Return the groups of all experiments by a key of the names of their classes."""
    found: dict[Any, list[Group]] = {}
    for group in groups:
        found.setdefault(key_of(group, classes[group["experiment"]]), []).append(group)
    return dict(sorted(found.items()))


def cell_of(group: Group, names: Sequence[str]) -> tuple[str, str]:
    """Return the names of the true and the predicted class."""
    return names[group["true_label"]], names[group["predicted_label"]]


def class_of(group: Group, names: Sequence[str]) -> str:
    """Return the name of the class that is explained."""
    return names[group["label"]]


def _summary(groups: Iterable[Group]) -> dict[str, Any]:
    numbers = _numbers(groups)
    checked, lowered = numbers["checked"], numbers["lowered"]
    return numbers | {"lowered_interval": wilson(lowered, checked) if checked else None}


def _numbers(groups: Iterable[Group]) -> dict[str, Any]:
    """Return how many there are of each verdict, the means, and how many checks went well."""
    groups = list(groups)
    count = sum(group["explanations"] for group in groups)
    verdicts = {
        verdict: sum(group["explanations"] for group in groups if group["verdict"] == verdict)
        for verdict in VERDICTS
    }
    means = {f"mean_{name}": _mean(groups, name, over) for name, over in MEANS.items()}
    checks = {name: sum(int(group[name]) for group in groups) for name in ("checked", "lowered")}
    share = {"sound_share": verdicts["sound"] / count if count else None}
    return {"explanations": count, **verdicts, **share, **means, **checks}


def _mean(groups: Sequence[Group], name: str, over: str) -> float | None:
    count = sum(group[over] for group in groups)
    return sum(float(group[name] or 0) for group in groups) / count if count else None


SHOWN = (
    *("experiment", "trial", "image", *CELL, "class", "probability", "method", "superpixels"),
    *("r2", "stability", "verdict", "removed", "removed_random", "deletion_area", "insertion_area"),
)


def search_report(document: dict[str, Any]) -> Report:
    """Return the report of what was found; only a page has figures."""
    return Report(
        "Explanations",
        document,
        lay_out=lambda figures: search_parts(document, figures),
        draw=lambda: _draw(document),
    )


def _draw(document: dict[str, Any]) -> list[Figure]:
    from runner.reports.figures.mask_sheets import draw_mask_sheets

    return draw_mask_sheets(document)


def search_parts(document: Mapping[str, Any], pictures: Sequence[Figure]) -> list[Part]:
    """Return the parts of the text; figures stand between what is added up and the newest."""
    if not document["explanations"]:
        return [Note("no such explanation: see `runner submit explain --help`")]
    cells = [[cell[name] for name in (*CELL, *NUMBERS)] for cell in document["cells"]]
    named = [[row[name] for name in ("class", *NUMBERS)] for row in document["classes"]]
    rows = [[*(row[name] for name in SHOWN), strongest_weights(row)] for row in document["newest"]]
    return [
        *(Note(f"data: {dataset_name({'dataset': row})}") for row in document["datasets"]),
        Table("All", NUMBERS, [[document[name] for name in NUMBERS]]),
        *([Note(_deletion(document))] if document["checked"] else []),
        Table("By explained class", ("class", *NUMBERS), named),
        Table("By true and predicted class", (*CELL, *NUMBERS), cells),
        *pictures,
        Table("Newest explanations", (*SHOWN, "weights"), rows),
    ]


def _deletion(document: Mapping[str, Any]) -> str:
    low, high = document["lowered_interval"]
    return (
        f"Removing the regions for the class lowered its probability more than random regions of"
        f" the same area in {document['lowered']} of {document['checked']}"
        f" (95 % interval: {low:.1%} to {high:.1%})."
    )
