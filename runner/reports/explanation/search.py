"""Summarise the explanations of all experiments by verdict and class: `runner explanations`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from cifar_model.data import Description
from runner.errors import InputError
from runner.reports.explanation.mean_masks import MeanMasks, mean_masks
from runner.reports.explanation.rows import explanation
from runner.reports.explanation.view import strongest_weights
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Report,
    Table,
    dataset_name,
    each_dataset,
    first_rows,
    next_steps,
)
from runner.reports.records import DatasetName, Explanation, Interval, fields_of, values
from runner.reports.stats.uncertainty import wilson
from runner.store.engine import Store
from runner.store.queries import explanations
from runner.store.queries.explanations import GroupRow
from runner.store.queries.rows import ExplanationRow

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The number of explanations by verdict, means, and the results of the removal checks.

    Only LIME has an R2: its mean is over the explanations that have one.
    """

    explanations: int
    sound: int
    weak: int
    void: int
    sound_share: float | None
    mean_superpixels: float | None
    mean_r2: float | None
    mean_stability: float | None
    mean_deletion_area: float | None
    mean_insertion_area: float | None
    checked: int
    lowered: int


# Python does not allow two base classes with non-empty slots, so these have empty slots.
@dataclass(frozen=True)
class OfClass:
    """The explained class."""

    __slots__ = ()

    class_: str


@dataclass(frozen=True)
class OfCell:
    """A cell of the confusion matrix."""

    __slots__ = ()

    true_class: str
    predicted_class: str


@dataclass(frozen=True)
class OfExperiment:
    """The experiment that made an explanation, and its data set."""

    __slots__ = ()

    experiment: int
    dataset: str
    data_fingerprint: str


@dataclass(frozen=True, slots=True)
class ClassNumbers(Numbers, OfClass):
    """The numbers of an explained class, and its mean mask if masks were requested."""

    masks: int
    mean_mask: list[list[float]] | None

    @property
    def name(self) -> str:
        """Return the label of its mean mask."""
        return self.class_


@dataclass(frozen=True, slots=True)
class CellNumbers(Numbers, OfCell):
    """The numbers of a cell, and its mean mask if masks were requested."""

    masks: int
    mean_mask: list[list[float]] | None

    @property
    def name(self) -> str:
        """Return the label of its mean mask."""
        return f"{self.true_class} as {self.predicted_class}"


@dataclass(frozen=True, slots=True)
class FoundExplanation(Explanation, OfExperiment):
    """An explanation found by a search in all experiments."""


@dataclass(frozen=True, slots=True)
class SearchDocument(Numbers):
    """A summary of the selected explanations, with the newest of them."""

    lowered_interval: Interval | None
    datasets: list[DatasetName]
    classes: list[ClassNumbers]
    cells: list[CellNumbers]
    newest: list[FoundExplanation]


CELL = ("true_class", "predicted_class")
NUMBERS = tuple(field.name for field in fields(Numbers))


def search_document(
    store: Store, wanted: explanations.Wanted, count: int, masks: bool
) -> SearchDocument:
    """Return a summary of the selected explanations, with the newest `count` of them.

    With `masks`, the masks of all of them are read and the mean masks are added.
    """
    with store.read() as connection:
        datasets = explanations.datasets(connection, wanted)
        classes = {number: dataset.classes for number, dataset in datasets.items()}
        _check_classes(wanted, classes)
        groups = explanations.groups(connection, wanted, classes) if classes else []
        means = mean_masks(connection, wanted, classes) if masks and classes else MeanMasks({}, {})
        newest = explanations.newest(connection, wanted, classes, count) if classes else []
    shown = sorted({group.experiment for group in groups})
    numbers = _numbers(groups)
    checked, lowered = numbers.checked, numbers.lowered
    by_class, by_cell = _grouped(groups, classes, _class_of), _grouped(groups, classes, _cell_of)
    return SearchDocument(
        **fields_of(numbers),
        lowered_interval=wilson(lowered, checked) if checked else None,
        datasets=each_dataset(datasets[number] for number in shown),
        classes=[
            ClassNumbers(name, **fields_of(_numbers(of)), **fields_of(means.of_class(name)))
            for name, of in by_class.items()
        ],
        cells=[
            CellNumbers(
                true,
                predicted,
                **fields_of(_numbers(of)),
                **fields_of(means.of_cell(true, predicted)),
            )
            for (true, predicted), of in by_cell.items()
        ],
        newest=[_found(row, datasets[row.experiment]) for row in newest],
    )


def _found(row: ExplanationRow, dataset: Description) -> FoundExplanation:
    return FoundExplanation(
        experiment=row.experiment,
        dataset=dataset.title,
        data_fingerprint=dataset.fingerprint,
        **fields_of(explanation(row, dataset.classes)),
    )


def _check_classes(wanted: explanations.Wanted, classes: Mapping[int, list[str]]) -> None:
    known = dict.fromkeys(name for names in classes.values() for name in names)
    unknown = [name for name in wanted.classes.values() if name not in known]
    if unknown and known:
        raise InputError(
            f"the data sets of these explanations have no class {', '.join(unknown)}",
            f"one of {', '.join(known)}",
            "correct the class name",
        )


def _grouped(
    groups: Iterable[GroupRow],
    classes: Mapping[int, list[str]],
    key_of: Callable[[GroupRow, Sequence[str]], K],
) -> dict[K, list[GroupRow]]:
    """Return the groups of all experiments, grouped again by a key made of class names."""
    found: dict[K, list[GroupRow]] = {}
    for group in groups:
        found.setdefault(key_of(group, classes[group.experiment]), []).append(group)
    return dict(sorted(found.items()))


def _cell_of(group: GroupRow, names: Sequence[str]) -> tuple[str, str]:
    return names[group.true_label], names[group.predicted_label]


def _class_of(group: GroupRow, names: Sequence[str]) -> str:
    return names[group.label]


def _numbers(groups: Sequence[GroupRow]) -> Numbers:
    count = sum(group.explanations for group in groups)
    fits, drawn = sum(group.fits for group in groups), sum(group.drawn for group in groups)
    sound = _of_verdict(groups, "sound")
    return Numbers(
        explanations=count,
        sound=sound,
        weak=_of_verdict(groups, "weak"),
        void=_of_verdict(groups, "void"),
        sound_share=sound / count if count else None,
        mean_superpixels=_mean((group.superpixels for group in groups), count),
        mean_r2=_mean((group.r2 for group in groups), fits),
        mean_stability=_mean((group.stability for group in groups), count),
        mean_deletion_area=_mean((group.deletion_area for group in groups), drawn),
        mean_insertion_area=_mean((group.insertion_area for group in groups), drawn),
        checked=sum(group.checked for group in groups),
        lowered=sum(group.lowered for group in groups),
    )


def _of_verdict(groups: Iterable[GroupRow], verdict: str) -> int:
    return sum(group.explanations for group in groups if group.verdict == verdict)


def _mean(sums: Iterable[float | None], count: int) -> float | None:
    return sum(value or 0 for value in sums) / count if count else None


SHOWN = (
    *("experiment", "trial", "image", *CELL, "class", "probability", "method", "superpixels"),
    *("r2", "stability", "verdict", "removed", "removed_random", "deletion_area", "insertion_area"),
)


ALL_COLUMNS = (
    *(*SHOWN, "weights", "dataset", "reason", "largest_share"),
    *("label", "other_class", "segmentation", "samples", "seed", "explanation", "job"),
)
BRIEF_CLASS = (
    *("class", "explanations", "sound", "weak", "void", "mean_stability", "mean_deletion_area"),
    *("mean_insertion_area", "mean_r2", "mean_superpixels"),
)
BRIEF_NEWEST = (
    *("experiment", "image", "class", "probability", "verdict", "trial", *CELL, "removed"),
    *("removed_random", "method", "superpixels"),
)

# The number of explanations in a report for a terminal.
NEWEST_ROWS = 10


def search_report(document: SearchDocument) -> Report:
    """Return the report of a search. Only Markdown and HTML have figures."""
    return Report(
        "Explanations",
        document,
        lay_out=lambda figures: search_parts(document, figures),
        brief=lambda: brief_search_parts(document),
        main=lambda: _newest(document, ALL_COLUMNS),
        draw=lambda: _draw(document),
    )


def _draw(document: SearchDocument) -> list[Figure]:
    from runner.reports.figures.mask_sheets import draw_mask_sheets

    return draw_mask_sheets(document.datasets, document.classes, document.cells)


def search_parts(document: SearchDocument, figures: Sequence[Figure]) -> list[Part]:
    """Return the parts of the report, with the figures before the newest explanations."""
    if not document.explanations:
        return [Note("no explanation matches; see `runner submit explain --help` to make one")]
    of_class, of_cell = ("class", *NUMBERS), (*CELL, *NUMBERS)
    named = [values(row, of_class) for row in document.classes]
    cells = [values(cell, of_cell) for cell in document.cells]
    return [
        *(Note(f"data: {dataset_name(dataset)}") for dataset in document.datasets),
        Table("All explanations", NUMBERS, [values(document, NUMBERS)]),
        *_deletion(document),
        Table("By explained class", of_class, named),
        Table("By true and predicted class", of_cell, cells),
        *figures,
        _newest(document, (*SHOWN, "weights")),
    ]


def _newest(document: SearchDocument, columns: Sequence[str]) -> Table:
    rows = [
        [
            strongest_weights(row) if name == "weights" else values(row, [name])[0]
            for name in columns
        ]
        for row in document.newest
    ]
    return Table("Newest explanations", columns, rows)


def brief_search_parts(document: SearchDocument) -> list[Part]:
    """Return the parts for a terminal: the verdicts in words, then the classes and the newest."""
    if not document.explanations:
        return search_parts(document, [])
    found = document
    by_class = [values(row, BRIEF_CLASS) for row in found.classes]
    return [
        Note(
            f"{found.explanations:,} explanations: {found.sound} sound, {found.weak} weak,"
            f" {found.void} void."
        ),
        *_deletion(found),
        *(Note(f"data: {dataset_name(dataset)}") for dataset in found.datasets),
        *first_rows(Table("By explained class", BRIEF_CLASS, by_class)),
        *first_rows(_newest(found, BRIEF_NEWEST), NEWEST_ROWS),
        next_steps([("runner explanations --wide", "everything, also by predicted class")]),
    ]


def _deletion(document: SearchDocument) -> Iterator[Note]:
    if document.lowered_interval:
        low, high = document.lowered_interval
        yield Note(
            f"Hiding the regions that support the class lowered its probability more than hiding"
            f" random regions of the same area in {document.lowered} of {document.checked}"
            f" explanations (95 % interval: {low:.1%} to {high:.1%})."
        )
