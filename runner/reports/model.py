"""The parts of a report in any format: notes, tables and figures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, log10
from pathlib import Path
from typing import Any

from cifar_model.data import Description
from cifar_model.errors import InputError, did_you_mean
from runner.reports.records import DatasetName, Named, names_of
from runner.specs import Provenance

SHORT = 12

# The number of rows of a table in a report that is made for a terminal.
MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph of text, or a warning, which is highlighted."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of values under named columns. An HTML page can sort it if it is `sortable`.

    The most important columns come first: a terminal that is too narrow for all of them leaves
    out the last. `figures` has the file name of each row's figure, or an empty string; the first
    cell links to the figure. `marks` has "best", "warning", "failed" or an empty string for each
    row, for its color. Long cells are shortened on a terminal, or wrapped if the table `wraps`.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    sortable: bool = False
    figures: Sequence[str] = ()
    marks: Sequence[str] = ()
    wraps: bool = False

    def figure_of(self, row: int) -> str:
        """Return the file name of a row's figure, or an empty string."""
        return self.figures[row] if self.figures else ""

    def texts(self) -> list[list[str]]:
        """Return the rows with all values formatted as text.

        A value with its interval in another column has the digits that the interval supports.
        """
        found = [
            self.places((name, f"{name}_interval"))
            for name in self.columns
            if f"{name}_interval" in self.columns
        ]
        rows = [[as_text(value) for value in row] for row in self.rows]
        for texts, row in zip(rows, self.rows, strict=True):
            for value, interval in found:
                if row[value] is not None and row[interval] is not None:
                    texts[value], texts[interval] = value_and_interval(row[value], row[interval])
        return rows

    def numeric(self) -> list[bool]:
        """Return for each column whether it contains only numbers."""
        return [
            all(
                isinstance(row[index], int | float | None) and not isinstance(row[index], bool)
                for row in self.rows
            )
            for index in range(len(self.columns))
        ]

    def places(self, names: Sequence[str]) -> list[int]:
        """Return the places of columns; raise InputError for a name that no column has."""
        for name in names:
            if name not in self.columns:
                raise _unknown_column(name, self.columns)
        return [list(self.columns).index(name) for name in names]

    def with_columns(self, names: Sequence[str]) -> "Table":
        """Return the table with these columns, in this order."""
        places = self.places(names)
        return replace(self, columns=names, rows=[[row[at] for at in places] for row in self.rows])


@dataclass(frozen=True, slots=True)
class CurveData:
    """Learning curves to be explored: of the metric that ranks and of others, by epoch.

    Each field has a value for each trial, the best first: its number (None without a result), its
    job, its score, whether it is not significantly worse than the best, and for each metric its
    curve. They are shown `instead` of the image of a figure, or below it.
    """

    by: str
    trial: Sequence[int | None]
    job: Sequence[int]
    scores: Sequence[float | None]
    noise: Sequence[bool | None]
    values: Mapping[str, Sequence[Sequence[float | None]]]
    instead: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A PNG or SVG with its file name, title and caption.

    A `detail` is one of many similar figures and is shown collapsed. `row` is the name of the
    figure whose table row this one links to, or an empty string. A page has its `curves` too,
    which the reader can explore.
    """

    name: str
    title: str
    content: bytes
    detail: bool = False
    caption: str = ""
    row: str = ""
    curves: CurveData | None = None

    def is_drawn(self) -> bool:
        """Return whether this is an SVG, which an HTML page contains inline."""
        return self.name.endswith(".svg")


@dataclass(frozen=True, slots=True)
class Code:
    """The text of a file of Python."""

    title: str
    text: str


Part = Note | Table | Figure | Code


@dataclass(frozen=True, slots=True)
class Report:
    """A report that can be written in several formats.

    `document` is the record that is written as JSON. `draw` returns the figures for the formats in
    `drawn_in`. `lay_out` returns the parts for people, with these figures; Markdown and HTML files
    also have the parts of `appendix`. `linked` returns the document with the paths of the saved
    figures, given by name. `texts` and `exports` are formats for other programs; the paths of an
    export are relative to its destination. `brief` returns fewer parts, for a terminal, with the
    answer first. `answer` returns the notes that an HTML page begins with: the answer, and the next
    commands. `main` returns the table that `--columns` chooses from, with every column.
    """

    title: str
    document: object
    lay_out: Callable[[Sequence[Figure]], list[Part]]
    appendix: Callable[[], list[Part]] = list
    brief: Callable[[], list[Part]] | None = None
    answer: Callable[[], list[Note]] = list
    main: Callable[[], Table] | None = None
    draw: Callable[[], list[Figure]] = list
    drawn_in: Sequence[str] = ("markdown", "html")
    linked: Callable[[Mapping[str, str]], object] | None = None
    texts: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    exports: Mapping[str, Callable[[], list[tuple[Path, bytes]]]] = field(default_factory=dict)


def _unknown_column(name: str, columns: Sequence[str]) -> InputError:
    return InputError(
        f"--columns: there is no column {name!r}{did_you_mean(name, columns)}",
        f"one of {', '.join(columns)}",
        "correct --columns; names are separated by commas",
    )


def as_text(value: Any) -> str:
    """Return a value formatted for people. The document keeps full precision."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(as_text(item) for item in value) + ")"
    return str(value)


def value_and_interval(value: float, interval: Sequence[float]) -> tuple[str, str]:
    """Return a value and its interval as text, with the digits that the interval supports."""
    low, high = interval
    half = (high - low) / 2
    digits = min(6, max(2, ceil(-log10(half)))) if half > 0 else 4
    return f"{value:.{digits}f}", f"{low:.{digits}f} to {high:.{digits}f}"


def with_interval(value: float | None, interval: Sequence[float] | None) -> str:
    """Return a value followed by its interval, as in "0.75 (0.70 to 0.80)", if it has one."""
    if value is None or interval is None:
        return as_text(value)
    said, around = value_and_interval(value, interval)
    return f"{said} ({around})"


def first_rows(table: Table, most: int = MOST_ROWS) -> list[Part]:
    """Return a table with its first rows only, and a note on how to see the others."""
    left = len(table.rows) - most
    if left <= 0:
        return [table]
    shown = replace(table, rows=table.rows[:most], marks=table.marks[:most])
    return [shown, Note(f"{left:,} more row{'s' * (left > 1)}: --wide shows all.")]


# What a longer command does is said on the next line.
LONG = 50


def next_steps(steps: Iterable[tuple[str, str]]) -> Note:
    """Return a note with the commands that go on from a report, each with what it does."""
    listed = list(steps)
    longest = max((len(command) for command, _ in listed if len(command) <= LONG), default=0)
    lines = [
        f"  {command:<{longest}}  {what}" if len(command) <= LONG else f"  {command}\n      {what}"
        for command, what in listed
    ]
    return Note("\n".join(["Next:", *lines]))


def dataset_name(dataset: Named) -> str:
    """Return the title and the short fingerprint of a data set; nothing if there is none."""
    if not dataset.fingerprint:
        return ""
    return f"{dataset.title}, fingerprint {dataset.fingerprint[:SHORT]}"


def each_dataset(datasets: Iterable[Description]) -> list[DatasetName]:
    """Return each distinct data set once."""
    found = {dataset.fingerprint: names_of(dataset) for dataset in datasets if dataset}
    return list(found.values())


def without_folder(name: str) -> str:
    """Return a data set's name without its directory, so that a report does not show the path."""
    kind, colon, path = name.partition(":")
    return f"{kind}{colon}{Path(path).name}"


def titled(dataset: Named, what: str) -> str:
    """Return a title with the data set appended."""
    return " - ".join(filter(None, (what, dataset_name(dataset))))


def field_table(title: str, fields: Mapping[str, object]) -> Table:
    """Return a table of names and values."""
    return Table(title, ("field", "value"), list(fields.items()), wraps=True)


def captioned(figures: Sequence[Figure], caption: str) -> list[Figure]:
    """Return the figures with this caption."""
    return [replace(figure, caption=caption) for figure in figures]


def origin(commands: Sequence[str], code: str, devices: Sequence[str], again: str) -> str:
    """Return a caption with the commands, code and devices of the results of a figure.

    `again` is the command that draws the figure.
    """
    said = [
        f"Results of: {'; '.join(commands)}",
        f"code: {code}",
        *([f"on {', '.join(dict.fromkeys(devices))}"] if devices else []),
        f"figure drawn by: {again}",
    ]
    return " \N{MIDDLE DOT} ".join(said)


def code_of(provenance: Provenance) -> str:
    """Return the version of the code, with its commit if known."""
    if not provenance.commit:
        return provenance.version
    changed = ", modified" if provenance.dirty else ""
    return f"{provenance.version}, commit {provenance.commit[:SHORT]}{changed}"
