"""Produce the report of a reproduction in one of its forms."""

from runner.reports.output import Place, Produced, as_json, deliver, render_parts, save_pictures
from runner.reproduction.document import reproduction_document
from runner.reproduction.measured import Sources
from runner.reproduction.view import reproduction_parts, reproduction_title

FORMS = ("html", "markdown", "table", "json")


def produce_reproduction(sources: Sources, form: str, place: Place) -> Produced:
    """Write the files of the report and return them, with the text that is left for stdout."""
    document = reproduction_document(sources)
    pictures = {}
    if form in ("html", "markdown"):
        from runner.reproduction.figures import draw

        pictures = draw(sources, document)
    drawn = [picture for found in pictures.values() for picture in found]
    saved = save_pictures(drawn, place.pictures) if form == "markdown" else {}
    files = [*saved.values(), *([str(place.out)] if place.out else [])]
    if form == "json":
        return deliver(as_json(document | {"files": files}), files, place)
    parts = reproduction_parts(sources, document, pictures)
    return deliver(render_parts(reproduction_title(document), parts, form, place), files, place)
