"""A report as one self-contained HTML file, with embedded figures and sortable tables."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from struct import unpack
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from runner.reports.formats.shared import report_script, style
from runner.reports.model import Code, CurveData, Figure, Note, Part, Table
from runner.reports.records import plain

BROAD = 2


# What begins the title of a table or figure; the data set follows.
NAME = re.compile(r".+?(?= - )|.+")


def as_page(title: str, parts: Sequence[Part], answer: Sequence[Note] = ()) -> str:
    """Return the HTML text of a page: the answer, a table of contents, and the other parts."""
    others = [part for part in parts if part not in answer]
    more = {
        "answer": [*answer],
        "contents": _contents(others),
        "style": style(),
        "script": report_script(),
    }
    return _render("page.html", title, others, **more)


def as_fragment(title: str, parts: Sequence[Part]) -> str:
    """Return HTML that stands in a page of others, such as a notebook."""
    return _render("fragment.html", title, parts)


def _render(template: str, title: str, parts: Sequence[Part], **more: Any) -> str:
    environment = Environment(
        loader=PackageLoader("runner.reports.formats", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    named = [(type(part).__name__, part) for part in parts]
    given = {"inline": _inline, "broad": _broad, "cells": _cells, "data": _data, **more}
    found = environment.get_template(template)
    return found.render(title=title, parts=named, explored=template == "page.html", **given)


def _contents(parts: Sequence[Part]) -> list[tuple[int, str]]:
    """Return the places and the names of sections; of similar figures only of the first."""
    found: list[tuple[int, str]] = []
    before: Part | None = None
    for place, part in enumerate(parts):
        if isinstance(part, Table | Figure) and part.title:
            if not _is_similar(part):
                found.append((place, _name(part.title)))
            elif not _is_similar(before):
                found.append((place, "Figures"))
        elif isinstance(part, Code):
            found.append((place, part.title))
        before = part
    return found


def _is_similar(part: Part | None) -> bool:
    """Return whether this is one of many figures: of a row of a table, or a detail."""
    return isinstance(part, Figure) and (part.detail or bool(part.row))


def _name(title: str) -> str:
    found = NAME.match(title)
    return found[0] if found else title


def _data(curves: CurveData) -> str:
    """Return curves as JSON in which nothing can end the element that it stands in."""
    text = json.dumps(plain(curves), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _cells(table: Table) -> Iterator[tuple[Sequence[Any], Sequence[str]]]:
    """Yield each row's values and texts. Columns are sorted by the full-precision values."""
    return zip(table.rows, table.texts(), strict=True)


def _broad(figure: Figure) -> bool:
    """Return whether a PNG is so wide that it would be too small on a phone."""
    width, height = unpack(">II", figure.content[16:24])
    return bool(width > BROAD * height)


def _inline(figure: Figure) -> str:
    return f"data:image/png;base64,{b64encode(figure.content).decode()}"
