"""The forms of what `runner explanations` found: tables, JSON, and a page with the mean masks."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.reports.explanation.search import CELL, NUMBERS
from runner.reports.explanation.view import strongest_weights
from runner.reports.model import Note, Part, Picture, Table, dataset_name
from runner.reports.output import Place, Produced, as_json, deliver, render_parts

SHOWN = (
    *("experiment", "trial", "image", *CELL, "class", "probability", "method", "superpixels"),
    *("r2", "stability", "verdict", "removed", "removed_random", "deletion_area", "insertion_area"),
)


def produce_search(document: Mapping[str, Any], form: str, place: Place) -> Produced:
    """Write what was found where it goes; only a page has pictures."""
    files = [str(place.out)] if place.out else []
    if form == "json":
        return deliver(as_json(dict(document)), files, place)
    pictures: list[Picture] = []
    if form == "html":
        from runner.reports.figures.mask_sheets import draw_mask_sheets

        pictures = draw_mask_sheets(document)
    parts = search_parts(document, pictures)
    return deliver(render_parts("Explanations", parts, form, place), files, place)


def search_parts(document: Mapping[str, Any], pictures: Sequence[Picture]) -> list[Part]:
    """Return the parts of the text; pictures stand between what is added up and the newest."""
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
        Table("The newest", (*SHOWN, "weights"), rows),
    ]


def _deletion(document: Mapping[str, Any]) -> str:
    low, high = document["lowered_interval"]
    return (
        f"Removing the regions for the class lowered its probability more than random regions of"
        f" the same area in {document['lowered']} of {document['checked']}"
        f" (95 % interval: {low:.1%} to {high:.1%})."
    )
