"""The report of a reproduction: an overview of all outputs, then each output."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from runner.reports.figures.intervals import Compared, draw_intervals
from runner.reports.model import Figure, Note, Part, Report, Table, as_text, next_steps, titled
from runner.reports.records import Named
from runner.reproduction.advance import Reproduction
from runner.reproduction.document import (
    FULL,
    Output,
    ReproductionDocument,
    Value,
    reproduction_document,
)
from runner.reproduction.measured import Missing, Sources
from runner.reproduction.outputs import OUTPUTS
from runner.reproduction.paper_output import PaperOutput
from runner.reproduction.paper_values import TITLE, Content

HOW_TO_READ = (
    "An accuracy from one seed has Wilson's 95 % interval for its n images (k-fold: Nadeau and"
    " Bengio's), which covers only the sampling of the images. inside, outside: whether the paper's"
    " value lies in our interval; same, differs: for values without sampling error. With"
    " `--repeats`, the values of Tables I to III, except the k-fold, are means over the seeds, and"
    " their intervals are for the accuracy of one more seed; with two seeds they are very wide. All"
    " other values are those of the first seed. No interval covers settings that the paper does not"
    " state."
)
OVERVIEW = "overview"
COLUMNS = ("value", "paper", "ours", "interval", "n", "seeds", "agrees")


def reproduction_report(sources: Sources, outputs: Sequence[PaperOutput] = OUTPUTS) -> Report:
    """Return the report of the stored results of a reproduction: these outputs, or all."""
    document = reproduction_document(sources, outputs)
    by_output: dict[str, list[Figure]] = {}

    def draw() -> list[Figure]:
        by_output[OVERVIEW] = _overview(document, sources.reproduction.named)
        by_output.update({output.id: _figures(sources, output) for output in outputs})
        return [figure for figures in by_output.values() for figure in figures]

    return Report(
        titled(sources.reproduction.named, f"Reproduction of the paper: {TITLE}"),
        document,
        # Each figure is placed after its output.
        lay_out=lambda _: _parts(sources, document, outputs, by_output),
        brief=lambda: _brief(sources.reproduction, document),
        draw=draw,
    )


def _brief(reproduction: Reproduction, document: ReproductionDocument) -> list[Part]:
    """Return the parts for a terminal: an overview of all outputs, without their values."""
    again = _command(reproduction, document)
    return [
        *_heading(document),
        _glance(reproduction.named, document.ids),
        Note(HOW_TO_READ),
        next_steps(
            [
                (f"{again} --format table --wide", "every value"),
                (again, "with figures, as an HTML page"),
            ]
        ),
    ]


def _command(reproduction: Reproduction, document: ReproductionDocument) -> str:
    """Return the command that reports the same again."""
    words = ["runner", "reproduce", "--scale", document.scale, "--dataset", reproduction.spec.name]
    if reproduction.seed:
        words += ["--seed", f"{reproduction.seed}"]
    if reproduction.repeats > 1:
        words += ["--repeats", f"{reproduction.repeats}"]
    if len(document.ids) < len(OUTPUTS):
        words += [word for output in document.ids for word in ("--only", output.id)]
    return shlex.join([*words, "--only-report"])


def _figures(sources: Sources, output: PaperOutput) -> list[Figure]:
    """Return the figures of an output; an empty list if it has none or its steps are missing."""
    if output.draw is None:
        return []
    try:
        drawn = output.draw(sources)
    except Missing:
        return []
    return [replace(figure, name=f"{output.id}-{figure.name}", detail=False) for figure in drawn]


def _overview(document: ReproductionDocument, named: Named) -> list[Figure]:
    """Return the figure of all accuracies that the paper has too; none if there are none yet."""
    found = [
        Compared(
            f"{output.id}: {value.name}", value.ours, value.interval, value.paper, value.inside
        )
        for output in document.ids
        for value in output.values
        if isinstance(value.ours, float)
        and isinstance(value.paper, float)
        and value.interval is not None
        and value.inside is not None
    ]
    title = titled(named, "The paper's accuracies and ours")
    return [draw_intervals(title, "the paper's value", found)] if found else []


def _parts(
    sources: Sources,
    document: ReproductionDocument,
    outputs: Sequence[PaperOutput],
    figures: Mapping[str, Sequence[Figure]],
) -> list[Part]:
    named = sources.reproduction.named
    parts: list[Part] = [*_heading(document), _glance(named, document.ids), Note(HOW_TO_READ)]
    parts += figures.get(OVERVIEW, ())
    for output, found in zip(outputs, document.ids, strict=True):
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
    seeds = f"seed {document.seed}"
    if any((value.seeds or 1) > 1 for output in document.ids for value in output.values):
        seeds += f", Tables I to III with up to {document.repeats} seeds"
    yield Note(f"scale {document.scale}; images: {images}; {seeds}")
    numbers = ", ".join(f"{step} {number}" for step, number in document.experiments.items())
    if numbers:
        yield Note(f"experiments (see `runner report NUMBER`): {numbers}")
    if document.unfinished:
        steps = ", ".join(document.unfinished)
        yield Note(
            f"Steps without a result yet: {steps}. Run the same command again to continue.",
            warning=True,
        )
    if document.scale != FULL:
        yield Note(
            f"Scale {document.scale} uses fewer images or epochs than the paper, so the paper's"
            " values are not expected to lie in our intervals.",
            warning=True,
        )


def _glance(named: Named, outputs: Sequence[Output]) -> Table:
    columns = ("id", "output", "in the paper", "agrees", "inconsistency")
    rows = [
        [output.id, output.title, output.place, _told(output), "yes" if output.oddity else "no"]
        for output in outputs
    ]
    return Table(titled(named, "Overview of all outputs"), columns, rows)


def _told(output: Output) -> str:
    """Return how many values of an output agree with the paper's."""
    words = Counter(filter(None, map(_agrees, output.values)))
    said = ", ".join(f"{count} {word}" for word, count in words.items())
    if any(value.paper is not None and value.ours is None for value in output.values):
        return f"{said}; some results missing" if said else "no result yet"
    return said or "not compared"


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
            value.seeds,
            _agrees(value),
        ]
        for value in output.values
    ]
    return Table(titled(named, f"{output.id}: {output.title} ({output.place})"), COLUMNS, rows)


def _cell(value: Content | None) -> Content | None:
    """Return a value for a table cell: params as text, numbers with four decimals."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {as_text(item)}" for name, item in value.items())
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list) and value and isinstance(value[0], float):
        return f"{value[0]:.4f} to {value[1]:.4f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def _table(sources: Sources, output: PaperOutput) -> list[Part]:
    """Return the additional table of an output, if it has one."""
    try:
        return [] if output.table is None else [output.table(sources)]
    except Missing:
        return []
