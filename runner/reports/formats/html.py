"""A report as one HTML file that needs nothing beside it: figures and a script to sort inline."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from struct import unpack
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from runner.reports.model import Figure, Part, Table

BROAD = 2


def as_page(title: str, parts: Sequence[Part]) -> str:
    """Return the file's text."""
    environment = Environment(
        loader=PackageLoader("runner.reports.formats", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    named = [(type(part).__name__, part) for part in parts]
    template = environment.get_template("page.html")
    return template.render(title=title, parts=named, inline=_inline, broad=_broad, cells=_cells)


def _cells(table: Table) -> Iterator[tuple[Sequence[Any], Sequence[str]]]:
    """Yield the rows with their values and their texts: a page sorts by every digit."""
    return zip(table.rows, table.texts(), strict=True)


def _broad(picture: Figure) -> bool:
    """Tell whether a PNG is so much wider than high that a phone would show it too small."""
    width, height = unpack(">II", picture.content[16:24])
    return bool(width > BROAD * height)


def _inline(picture: Figure) -> str:
    return f"data:image/png;base64,{b64encode(picture.content).decode()}"
