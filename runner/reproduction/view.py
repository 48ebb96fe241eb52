"""The report of a reproduction: all outputs at a glance, then one after another."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.reports.experiment.document import Document
from runner.reports.model import Figure, Note, Part, Table, as_text, titled
from runner.reproduction.figures import named_by_scale
from runner.reproduction.measured import Missing, Sources
from runner.reproduction.paper import TITLE
from runner.reproduction.paper_values import ROUND
from runner.reproduction.tuning import ROWS

HOW_TO_READ = (
    "Every accuracy has the Wilson interval, 95 %, of its n images (the k-fold: Nadeau and"
    " Bengio's). inside, outside: whether the paper's value lies in our interval; same, differs: of"
    " what has no sampling error. An interval knows of the images that were drawn and of nothing"
    " else: not of other seeds, and not of what the paper does not say."
)
COLUMNS = ("value", "paper", "ours", "interval", "n", "agrees")


def reproduction_title(document: Document) -> str:
    """Return the title of the report."""
    return titled(named_by_scale(document), f"The paper regenerated: {TITLE}")


def reproduction_parts(
    sources: Sources, document: Document, pictures: Mapping[str, Sequence[Figure]]
) -> list[Part]:
    """Return the parts of the report, for a form to render."""
    parts: list[Part] = [*_heading(document), _glance(document), Note(HOW_TO_READ)]
    for entry in document["ids"]:
        parts += [
            _values(document, entry),
            *(
                [Note(f"Inconsistency in the paper: {entry['oddity']}", warning=True)]
                * bool(entry["oddity"])
            ),
            *([Note(entry["note"])] * bool(entry["note"])),
            *(_last_epochs(sources, document) if entry["id"] == "F-4" else []),
            *pictures.get(entry["id"], ()),
        ]
    return parts


def _heading(document: Document) -> Iterator[Note]:
    images = ", ".join(f"{count:,} {name}" for name, count in document["dataset"]["images"].items())
    yield Note(f"scale {document['scale']}; images: {images}; seed {document['seed']}")
    numbers = ", ".join(f"{step} {number}" for step, number in document["experiments"].items())
    yield Note(f"experiments, for `runner report`: {numbers}")
    if document["unfinished"]:
        steps = ", ".join(document["unfinished"])
        yield Note(f"Without a result yet: {steps}. The same command goes on.", warning=True)
    if document["scale"] != "full":
        yield Note(
            f"Scale {document['scale']}: fewer images or epochs than the paper's, so its values"
            " are not expected inside our intervals.",
            warning=True,
        )


def _glance(document: Document) -> Table:
    rows = []
    for entry in document["ids"]:
        words = Counter(filter(None, (_agrees(entry, name) for name in entry["ours"])))
        missing = any(entry["ours"][name] is None for name in entry["paper"] if _asked(entry, name))
        said = ", ".join(f"{count} {word}" for word, count in words.items())
        if missing:
            said = "not there yet" if not said else f"{said}; not all there yet"
        rows.append([entry["id"], entry["title"], entry["place"], said or "to be looked at"])
        rows[-1].append("yes" if entry["oddity"] else "no")
    columns = ("id", "output", "in the paper", "agrees", "oddity")
    return Table(titled(named_by_scale(document), "Overview of all outputs"), columns, rows)


def _asked(entry: Mapping[str, Any], name: str) -> bool:
    return entry["paper"][name] is not None


def _agrees(entry: Mapping[str, Any], name: str) -> str | None:
    agrees = entry["inside"][name]
    if agrees is None:
        return None
    if entry["interval"][name] is None:
        return "same" if agrees else "differs"
    return "inside" if agrees else "outside"


def _values(document: Document, entry: Mapping[str, Any]) -> Table:
    title = f"{entry['id']}: {entry['title']} ({entry['place']})"
    rows = [
        [
            name,
            _cell(entry["paper"][name]),
            _cell(entry["ours"][name]),
            _cell(entry["interval"][name]),
            entry["images"][name],
            _agrees(entry, name),
        ]
        for name in entry["ours"]
    ]
    return Table(titled(named_by_scale(document), title), COLUMNS, rows)


def _cell(value: Any) -> Any:
    """Return a value that a cell can hold: params as words, shares with four digits."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {as_text(item)}" for name, item in value.items())
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list) and value and isinstance(value[0], float):
        return f"{value[0]:.4f} to {value[1]:.4f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def _last_epochs(sources: Sources, document: Document) -> list[Part]:
    """Return what the last epochs of the five rounds had: that of their stored models."""
    try:
        trials = [sources.trial(step) for step in ROWS]
    except Missing:
        return []
    rows = [
        [row, trial["trial"], trial["trained_epochs"], *(trial[name] for name in ROUND[1:])]
        for row, trial in enumerate(trials, start=1)
    ]
    title = titled(named_by_scale(document), "F-4, the last epoch of each of our five rounds")
    return [Table(title, ("row", "trial", *ROUND), rows)]
