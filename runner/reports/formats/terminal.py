"""A report as plain text for a terminal: tables that fit its width, and curves as sparklines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tabulate import tabulate

from cifar_model.errors import printable
from runner.reports.formats.wrapping import padded, shortened, width_of, wrapped
from runner.reports.model import Code, Figure, Note, Part, Table

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


# The colors of the marks of a row. What they say is also said in words.
COLORS = {"best": "32", "warning": "33", "failed": "31"}

GAP = "  "

# A column of longer texts than WHOLE_TEXT is shortened, at most to LEAST_TEXT, before a later
# column is left out.
WHOLE_TEXT = 20
LEAST_TEXT = 12


@dataclass(frozen=True, slots=True)
class View:
    """How a text is shown: `width` is that of the terminal; None shows everything as it is.

    `columns` are the names of the columns of a table to show, in this order; with none given they
    are chosen by the width. `more` says how a person can see the columns that were left out.
    """

    width: int | None = None
    color: bool = False
    columns: Sequence[str] = ()
    more: str = "--wide"


def fit_table(table: Table, view: View) -> str:
    """Return a table (without its title) that is no wider than the view.

    Columns with the same value in all rows are said once below it. Of the others the first that
    fit are shown, with long texts shortened; the last line says which were left out. A view with
    `columns` shows exactly these, and a view without a width shows all columns in full.

    Raises InputError if the view asks for a column that there is not.
    """
    cells = [[printable(" ".join(text.split())) for text in row] for row in table.texts()]
    numeric = table.numeric()
    columns = [
        _Column(table.columns[place], [row[place] for row in cells], numeric[place])
        for place in (table.places(view.columns) if view.columns else range(len(table.columns)))
    ]
    if view.width is None or view.columns:
        widths = _widths(columns, view.width)
        return "\n".join(_drawn(columns, widths, table, view.color))
    varied = [each for place, each in enumerate(columns) if place == 0 or not each.is_constant()]
    constant = [each for each in columns if each not in varied]
    shown = _that_fit(varied, view.width)
    lines = _drawn(shown, _widths(shown, view.width), table, view.color)
    lines += _said_once(constant, view.width)
    lines += _left_out([each for each in varied if each not in shown], view)
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A column with its cells as text. Numbers are `right`-aligned and never shortened."""

    name: str
    cells: Sequence[str]
    right: bool

    def is_constant(self) -> bool:
        return len(self.cells) > 1 and len(set(self.cells)) == 1

    def full(self) -> int:
        return max(map(width_of, [self.name, *self.cells]))

    def least(self) -> int:
        longest = max(map(width_of, self.cells), default=0)
        heading = max(map(width_of, _head_words(self.name)))
        whole = self.right or longest <= WHOLE_TEXT
        return max(heading, longest if whole else LEAST_TEXT)


def _head_words(name: str) -> list[str]:
    """Return the parts of a column's name between which its heading can be wrapped."""
    return [word for word in name.replace("_", "_ ").split(" ") if word] or [""]


def _head(name: str, width: int) -> list[str]:
    lines = [""]
    for word in _head_words(name):
        space = " " if lines[-1] and not lines[-1].endswith("_") else ""
        if lines[-1] and width_of(lines[-1] + space + word) > width:
            lines.append(word)
        else:
            lines[-1] += space + word
    return [shortened(line, width) for line in lines]


def _that_fit(columns: Sequence[_Column], width: int) -> list[_Column]:
    """Return the first column, and each of the others that still fits."""
    shown = list(columns[:1])
    left = width - sum(column.least() for column in shown)
    for column in columns[1:]:
        needed = len(GAP) + column.least()
        if needed <= left:
            shown.append(column)
            left -= needed
    return shown


def _widths(columns: Sequence[_Column], width: int | None) -> list[int]:
    """Return the width of each column: what it needs, or less if that is too much for the view."""
    if width is None:
        return [column.full() for column in columns]
    widths = [column.least() for column in columns]
    left = width - sum(widths) - len(GAP) * (len(columns) - 1)
    if left < 0 and len(columns) == 1:
        return [width]
    for place, column in enumerate(columns):
        added = max(0, min(left, column.full() - widths[place]))
        widths[place] += added
        left -= added
    return widths


def _drawn(
    columns: Sequence[_Column], widths: Sequence[int], table: Table, color: bool
) -> list[str]:
    heads = [_head(column.name, width) for column, width in zip(columns, widths, strict=True)]
    tallest = max(map(len, heads))
    heads = [[""] * (tallest - len(head)) + head for head in heads]
    lines = _aligned(heads, columns, widths)
    lines.append(GAP.join("-" * width for width in widths))
    fitted = wrapped if table.wraps else _one_line
    for place in range(len(table.rows)):
        cells = [
            fitted(column.cells[place], width)
            for column, width in zip(columns, widths, strict=True)
        ]
        mark = table.marks[place] if table.marks and color else ""
        lines += [colored(line, mark) for line in _aligned(cells, columns, widths)]
    return lines


def _one_line(text: str, width: int) -> list[str]:
    return [shortened(text, width)]


def _aligned(
    cells: Sequence[Sequence[str]], columns: Sequence[_Column], widths: Sequence[int]
) -> list[str]:
    """Return the lines of a row whose cells have one or more lines each."""
    return [
        GAP.join(
            padded(lines[place] if place < len(lines) else "", width, right=column.right)
            for lines, column, width in zip(cells, columns, widths, strict=True)
        ).rstrip()
        for place in range(max(map(len, cells)))
    ]


def _said_once(columns: Sequence[_Column], width: int) -> list[str]:
    said = [f"{column.name} {column.cells[0]}" for column in columns if column.cells[0] != "-"]
    return wrapped(f"The same in every row: {', '.join(said)}.", width) if said else []


def _left_out(columns: Sequence[_Column], view: View) -> list[str]:
    if not columns or view.width is None:
        return []
    if all(len(column.cells) == 1 for column in columns):
        said = ", ".join(f"{column.name} {column.cells[0]}" for column in columns)
        return wrapped(f"Also: {said}.", view.width)
    count = f"{len(columns)} more column{'s' * (len(columns) > 1)}"
    start = f"{count} ({view.more}): " if view.more else f"{count}: "
    names = ", ".join(column.name for column in columns)
    return [shortened(f"{start}{names}", view.width)]


def colored(text: str, mark: str) -> str:
    """Return a text in the color of a mark; as it is if there is no such mark."""
    return f"\N{ESCAPE}[{COLORS[mark]}m{text}\N{ESCAPE}[0m" if mark in COLORS else text


def as_terminal(
    title: str, parts: Sequence[Part], directory: Path, view: View | None = None
) -> str:
    """Return the text. Figures are shown as their paths in the directory.

    On a terminal the data set stands once, in the title, and not in the titles of the parts.
    """
    view = view or View()
    if view.width:
        _, dash, data = title.partition(" - ")
        parts = [_without(part, dash + data) for part in parts]
    details = [part for part in parts if isinstance(part, Figure) and part.detail]
    shown = [part for part in parts if part not in details]
    blocks = [_title(title, view), *(_block(part, directory, view) for part in shown)]
    if details:
        more = f"{len(details)} more figures, one per layer, are in the same directory."
        blocks.append("\n" + _paragraph(more, view))
    return "\n".join(blocks) + "\n"


def _without(part: Part, dataset: str) -> Part:
    if isinstance(part, Note):
        return part
    return replace(part, title=part.title.removesuffix(dataset))


def _title(title: str, view: View) -> str:
    lines = _paragraph(title, view)
    return lines if view.width else f"{lines}\n{'=' * width_of(lines)}"


def _paragraph(text: str, view: View) -> str:
    text = printable(text)
    return "\n".join(wrapped(text, view.width)) if view.width else text


def _block(part: Part, directory: Path, view: View) -> str:
    if isinstance(part, Note):
        text = _paragraph(f"WARNING: {part.text}" if part.warning else part.text, view)
        return colored(text, "warning" if part.warning and view.color else "")
    title = f"\n{_paragraph(part.title, view)}".rstrip("\n" if view.width else "")
    if isinstance(part, Table):
        return f"{title}\n{fit_table(part, view)}"
    if isinstance(part, Code):
        return f"{title}\n{printable(part.text).rstrip()}"
    return f"{title}\n{_paragraph(f'  {directory / part.name}', view)}"


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
