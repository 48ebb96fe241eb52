"""A comparison in each form: text for a terminal, JSON, or a page with heat maps."""

from pathlib import Path
from typing import Any

from runner.reports.captions import captioned, origin
from runner.reports.comparison.view import comparison_parts, comparison_title, origin_parts
from runner.reports.formats.terminal import as_terminal
from runner.reports.model import Picture
from runner.reports.output import Place, Produced, as_json, deliver, render_parts

FORMS = ("table", "json", "html")


def produce_comparison(document: dict[str, Any], form: str, place: Place) -> Produced:
    """Write a comparison to its place, or return it for stdout."""
    files = [str(place.out)] if place.out else []
    if form == "json":
        text = as_json(document)
    elif form == "html":
        parts = [*comparison_parts(document, _draw(document)), *origin_parts(document)]
        text = render_parts(comparison_title(document), parts, form, place)
    else:
        text = comparison_text(document)
    return deliver(text, files, place)


def comparison_text(document: dict[str, Any]) -> str:
    """Return a comparison as text."""
    return as_terminal(comparison_title(document), comparison_parts(document), Path())


def _draw(document: dict[str, Any]) -> list[Picture]:
    """Return the confusions of both trials and of the first less the second; of folds none."""
    if "folds" in document:
        return []
    from runner.reports.figures.confusion import draw_confusion, draw_difference

    first, second = document["trials"]
    dataset = {"title": document["dataset"], "fingerprint": document["data_fingerprint"]}
    shared = {"split": document["split"], "classes": document["classes"]}
    again = f"runner compare {first['trial']} {second['trial']} --split {document['split']}"
    again += " --format html"
    drawn = [
        (draw_confusion({"dataset": dataset}, first | shared), first["commands"]),
        (draw_confusion({"dataset": dataset}, second | shared), second["commands"]),
        (
            draw_difference({"dataset": dataset}, first | shared, second),
            [*first["commands"], *second["commands"]],
        ),
    ]
    return [
        picture
        for one, commands in drawn
        for picture in captioned([one], origin(commands, document["provenance"], (), again))
    ]
