"""A report as plain text for a terminal, with curves as sparklines."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tabulate import tabulate

from cifar_model.errors import printable
from runner.reports.model import Figure, Note, Part, Table

BLOCKS = "▁▂▃▄▅▆▇█"

MOST_BLOCKS = 24


def sparkline(values: Sequence[float], low: float, high: float) -> str:
    """Return a sparkline of at most MOST_BLOCKS blocks, on a scale from `low` to `high`.

    With more values, each block shows the last of the values that it covers.
    """
    count = min(len(values), MOST_BLOCKS)
    shown = [values[len(values) * (place + 1) // count - 1] for place in range(count)]
    return "".join(_bar(value, low, high) for value in shown)


def _bar(value: float, low: float, high: float) -> str:
    if high <= low:
        return BLOCKS[len(BLOCKS) // 2]
    share = (value - low) / (high - low)
    return BLOCKS[min(int(share * len(BLOCKS)), len(BLOCKS) - 1)]


def as_terminal(title: str, parts: Sequence[Part], directory: Path) -> str:
    """Return the text. Figures are shown as their paths in the directory."""
    details = [part for part in parts if isinstance(part, Figure) and part.detail]
    shown = [part for part in parts if part not in details]
    blocks = [f"{title}\n{'=' * len(title)}", *(_block(part, directory) for part in shown)]
    if details:
        blocks.append(f"\n{len(details)} more figures, one per layer, are in the same directory.")
    return printable("\n".join(blocks) + "\n")


def _block(part: Part, directory: Path) -> str:
    if isinstance(part, Note):
        return f"WARNING: {part.text}" if part.warning else part.text
    if isinstance(part, Table):
        return f"\n{part.title}\n{plain_table(part, 'simple')}"
    return f"\n{part.title}\n  {directory / part.name}"


def plain_table(
    table: Table, form: str, escaped: Callable[[str], str] = str, link: str = ""
) -> str:
    """Return a table in one of tabulate's formats, with its texts escaped for that format.

    With `link`, the path of the figures' directory, the first cell of a row links to its figure.
    """
    cells = [[escaped(text) for text in row] for row in table.texts()]
    for place, row in enumerate(cells):
        if link and (name := table.figure_of(place)):
            row[0] = f"[{row[0]}]({link}/{name})"
    return tabulate(
        cells,
        headers=[escaped(column) for column in table.columns],
        tablefmt=form,
        # Without this, a fingerprint such as 12e34567 would be parsed as a number.
        disable_numparse=True,
        colalign=["right" if numeric else "left" for numeric in table.numeric()],
    )
