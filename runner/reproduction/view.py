"""The report of a reproduction: all outputs at a glance, then one after another."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from runner.reports.model import Figure, Note, Part, Report, Table, as_text, titled
from runner.reports.records import Named
from runner.reproduction.document import (
    FULL,
    Output,
    ReproductionDocument,
    Value,
    reproduction_document,
)
from runner.reproduction.measured import Missing, Sources
from runner.reproduction.outputs import OUTPUTS, PaperOutput
from runner.reproduction.paper_values import TITLE, Content

HOW_TO_READ = (
    "Every accuracy has the Wilson interval, 95 %, of its n images (the k-fold: Nadeau and"
    " Bengio's). inside, outside: whether the paper's value lies in our interval; same, differs: of"
    " what has no sampling error. An interval knows of the images that were drawn and of nothing"
    " else: not of other seeds, and not of what the paper does not say."
)
COLUMNS = ("value", "paper", "ours", "interval", "n", "agrees")


def reproduction_report(sources: Sources) -> Report:
    """Return the report of what the store has of a reproduction."""
    document = reproduction_document(sources)
    by_output: dict[str, list[Figure]] = {}

    def draw() -> list[Figure]:
        by_output.update({output.id: _figures(sources, output) for output in OUTPUTS})
        return [figure for figures in by_output.values() for figure in figures]

    return Report(
        titled(sources.reproduction.named, f"The paper regenerated: {TITLE}"),
        document,
        # Each figure stands beside the output that it is for.
        lay_out=lambda _: _parts(sources, document, by_output),
        draw=draw,
    )


def _figures(sources: Sources, output: PaperOutput) -> list[Figure]:
    """Return the figures of an output; none if it has none, or not yet."""
    if output.draw is None:
        return []
    try:
        drawn = output.draw(sources)
    except Missing:
        return []
    return [replace(figure, name=f"{output.id}-{figure.name}", detail=False) for figure in drawn]


def _parts(
    sources: Sources, document: ReproductionDocument, figures: Mapping[str, Sequence[Figure]]
) -> list[Part]:
    named = sources.reproduction.named
    parts: list[Part] = [*_heading(document), _glance(named, document.ids), Note(HOW_TO_READ)]
    for output, found in zip(OUTPUTS, document.ids, strict=True):
        parts.append(_values(named, found))
        if found.oddity:
            parts.append(Note(f"Inconsistency in the paper: {found.oddity}", warning=True))
        if found.note:
            parts.append(Note(found.note))
        parts += [*_table(sources, output), *figures.get(output.id, ())]
    return parts


def _heading(document: ReproductionDocument) -> Iterator[Note]:
    sizes = document.dataset.images
    images = f"{sizes.train:,} train, {sizes.validation:,} validation, {sizes.test:,} test"
    yield Note(f"scale {document.scale}; images: {images}; seed {document.seed}")
    numbers = ", ".join(f"{step} {number}" for step, number in document.experiments.items())
    yield Note(f"experiments, for `runner report`: {numbers}")
    if document.unfinished:
        steps = ", ".join(document.unfinished)
        yield Note(f"Without a result yet: {steps}. The same command goes on.", warning=True)
    if document.scale != FULL:
        yield Note(
            f"Scale {document.scale}: fewer images or epochs than the paper's, so its values"
            " are not expected inside our intervals.",
            warning=True,
        )


def _glance(named: Named, outputs: Sequence[Output]) -> Table:
    columns = ("id", "output", "in the paper", "agrees", "oddity")
    rows = [
        [output.id, output.title, output.place, _told(output), "yes" if output.oddity else "no"]
        for output in outputs
    ]
    return Table(titled(named, "Overview of all outputs"), columns, rows)


def _told(output: Output) -> str:
    """Say of all values of an output how many agree."""
    words = Counter(filter(None, map(_agrees, output.values)))
    said = ", ".join(f"{count} {word}" for word, count in words.items())
    if any(value.paper is not None and value.ours is None for value in output.values):
        return f"{said}; not all there yet" if said else "not there yet"
    return said or "to be looked at"


def _agrees(value: Value) -> str | None:
    if value.inside is None:
        return None
    if value.interval is None:
        return "same" if value.inside else "differs"
    return "inside" if value.inside else "outside"


def _values(named: Named, output: Output) -> Table:
    rows = [
        [
            value.name,
            _cell(value.paper),
            _cell(value.ours),
            _cell(value.interval),
            value.images,
            _agrees(value),
        ]
        for value in output.values
    ]
    return Table(titled(named, f"{output.id}: {output.title} ({output.place})"), COLUMNS, rows)


def _cell(value: Content | None) -> Content | None:
    """Return a value that a cell can hold: params as words, shares with four digits."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {as_text(item)}" for name, item in value.items())
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list) and value and isinstance(value[0], float):
        return f"{value[0]:.4f} to {value[1]:.4f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def _table(sources: Sources, output: PaperOutput) -> list[Part]:
    """Return the table that an output has besides its values, if it has one."""
    try:
        return [] if output.table is None else [output.table(sources)]
    except Missing:
        return []
