"""What a report consists of, whatever its format: notes, tables and figures, one after another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cifar_model.data import Description
from runner.reports.records import DatasetName, Named, names_of
from runner.specs import Provenance

SHORT = 12


@dataclass(frozen=True, slots=True)
class Note:
    """Say one thing; a warning is not to be overlooked."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Hold rows of plain values under named columns; a page lets people sort some of them.

    `pictures` names for each row the file of its figure, or nothing; the first cell leads to it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    sortable: bool = False
    pictures: Sequence[str] = ()

    def picture(self, row: int) -> str:
        """Return the name of a row's figure, or nothing."""
        return self.pictures[row] if self.pictures else ""

    def texts(self) -> list[list[str]]:
        """Return the rows as people read them."""
        return [[as_text(value) for value in row] for row in self.rows]

    def numeric(self) -> list[bool]:
        """Tell for each column whether it holds nothing but numbers."""
        return [
            all(
                isinstance(row[index], int | float | None) and not isinstance(row[index], bool)
                for row in self.rows
            )
            for index in range(len(self.columns))
        ]


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold a PNG or SVG, the name of its file, what it shows and where it comes from.

    A detail is one of very many. `row` is the name of the figure whose row in a table this belongs
    to, or nothing.
    """

    name: str
    title: str
    content: bytes
    detail: bool = False
    caption: str = ""
    row: str = ""

    def is_drawn(self) -> bool:
        """Tell whether this is an SVG, which a page draws itself."""
        return self.name.endswith(".svg")


Part = Note | Table | Figure


@dataclass(frozen=True, slots=True)
class Report:
    """Offer one subject in every format in which it can be written.

    `document` is the record that JSON holds. `draw` is called for the formats in `drawn_in`; what
    it returns is laid out for people, with the appendix in files that are kept. `linked` returns
    the document with the paths at which figures were saved, by their names. `texts` and `exports`
    are formats for other programs; the paths of an export are relative to its destination.
    """

    title: str
    document: object
    lay_out: Callable[[Sequence[Figure]], list[Part]]
    appendix: Callable[[], list[Part]] = list
    draw: Callable[[], list[Figure]] = list
    drawn_in: Sequence[str] = ("markdown", "html")
    linked: Callable[[Mapping[str, str]], object] | None = None
    texts: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    exports: Mapping[str, Callable[[], list[tuple[Path, bytes]]]] = field(default_factory=dict)


def as_text(value: Any) -> str:
    """Return a value as people read it; the document keeps every digit."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(as_text(item) for item in value) + ")"
    return str(value)


def dataset_name(dataset: Named) -> str:
    """Return what every figure and table says about the data it comes from."""
    return f"{dataset.title}, fingerprint {dataset.fingerprint[:SHORT]}"


def each_dataset(datasets: Iterable[Description]) -> list[DatasetName]:
    """Return each data set once, with what people and programs know it by."""
    found = {dataset.fingerprint: names_of(dataset) for dataset in datasets}
    return list(found.values())


def without_folder(name: str) -> str:
    """Return a data set's name as a report may be mailed with it: its file, not where it lies."""
    kind, colon, path = name.partition(":")
    return f"{kind}{colon}{Path(path).name}"


def titled(dataset: Named, what: str) -> str:
    """Return a title that names the data set."""
    return f"{what} - {dataset_name(dataset)}"


def field_table(title: str, fields: Mapping[str, object]) -> Table:
    """Return a table of names and values."""
    return Table(title, ("field", "value"), list(fields.items()))


def captioned(pictures: Sequence[Figure], caption: str) -> list[Figure]:
    """Return the figures with what stands under each."""
    return [replace(picture, caption=caption) for picture in pictures]


def origin(commands: Sequence[str], code: str, devices: Sequence[str], again: str) -> str:
    """Return in one line what made the numbers of a figure, and what draws it again."""
    said = [
        f"Made by: {'; '.join(commands)}",
        f"code: {code}",
        *([f"on {', '.join(dict.fromkeys(devices))}"] if devices else []),
        f"drawn by: {again}",
    ]
    return " \N{MIDDLE DOT} ".join(said)


def code_of(provenance: Provenance) -> str:
    """Return the version of the code, and its commit where it is known."""
    if not provenance.commit:
        return provenance.version
    changed = ", changed" if provenance.dirty else ""
    return f"{provenance.version}, commit {provenance.commit[:SHORT]}{changed}"
