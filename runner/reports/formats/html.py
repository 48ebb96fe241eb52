"""A report as one self-contained HTML file, with embedded figures and sortable tables."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from struct import unpack
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from runner.reports.model import Figure, Part, Table

BROAD = 2


def as_page(title: str, parts: Sequence[Part]) -> str:
    """Return the HTML text of a page."""
    return _render("page.html", title, parts)


def as_fragment(title: str, parts: Sequence[Part]) -> str:
    """Return HTML that stands in a page of others, such as a notebook."""
    return _render("fragment.html", title, parts)


def _render(template: str, title: str, parts: Sequence[Part]) -> str:
    environment = Environment(
        loader=PackageLoader("runner.reports.formats", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    named = [(type(part).__name__, part) for part in parts]
    found = environment.get_template(template)
    return found.render(title=title, parts=named, inline=_inline, broad=_broad, cells=_cells)


def _cells(table: Table) -> Iterator[tuple[Sequence[Any], Sequence[str]]]:
    """Yield each row's values and texts. Columns are sorted by the full-precision values."""
    return zip(table.rows, table.texts(), strict=True)


def _broad(figure: Figure) -> bool:
    """Return whether a PNG is so wide that it would be too small on a phone."""
    width, height = unpack(">II", figure.content[16:24])
    return bool(width > BROAD * height)


def _inline(figure: Figure) -> str:
    return f"data:image/png;base64,{b64encode(figure.content).decode()}"
