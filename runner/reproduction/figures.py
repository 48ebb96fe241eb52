"""The figures of a reproduction, by the paper's figure that each stands beside."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from runner.reports.experiment.document import Document
from runner.reports.explanation.rows import ARRAYS
from runner.reports.figures.activation_sheets import draw_layer_sheet, draw_overview
from runner.reports.figures.confusion import draw_confusion
from runner.reports.figures.curves import draw_curves
from runner.reports.figures.overlay import draw_overlay
from runner.reports.figures.samples import draw_picture, draw_samples
from runner.reports.model import Figure
from runner.reproduction.measured import Missing, Sources
from runner.reproduction.network import explained_picture, explanation, layers_of
from runner.store.artifacts import get_array

OF_A_CLASS = 10


def draw(sources: Sources, document: Document) -> dict[str, list[Figure]]:
    """Return the figures of every output that has some; each says data set and scale."""
    named = named_by_scale(document)
    found: dict[str, list[Figure]] = {}
    for output, drawn in DRAWN.items():
        try:
            pictures = list(drawn(sources, named))
        except Missing:
            continue
        found[output] = [
            replace(picture, name=f"{output}-{picture.name}", detail=False) for picture in pictures
        ]
    return found


def named_by_scale(document: Document) -> Document:
    """Return what titles take the data set's name from, with the scale in it."""
    dataset = document["dataset"]
    title = f"{dataset['title']}, scale {document['scale']}"
    return {"dataset": dataset | {"title": title}}


def _samples(sources: Sources, document: Document) -> Iterator[Figure]:
    dataset = sources.reproduction.dataset
    train = dataset.train
    yield draw_samples(
        document,
        {
            name: train.images[train.labels == label][:OF_A_CLASS]
            for label, name in enumerate(dataset.classes)
        },
    )


def _subject(name: str) -> Callable[[Sources, Document], Iterator[Figure]]:
    def drawn(sources: Sources, document: Document) -> Iterator[Figure]:
        row = explained_picture(sources, name)
        what = f"Test image {row['image']}: {row['true_class']}"
        yield draw_picture(document, what, get_array(sources.reproduction.store, row["picture"]))

    return drawn


def _activations(name: str, number: int | None) -> Callable[[Sources, Document], Iterator[Figure]]:
    """Draw all layers of a subject on one sheet, or one layer by its number."""

    def drawn(sources: Sources, document: Document) -> Iterator[Figure]:
        store = sources.reproduction.store
        layers = [row for row in layers_of(sources, name) if number in (None, row["layer"])]
        outputs = [get_array(store, row["output"]) for row in layers]
        if number is None:
            yield draw_overview(document, layers, outputs)
            return
        for layer, output in zip(layers, outputs, strict=True):
            yield draw_layer_sheet(document, layer, output)

    return drawn


def _why(name: str) -> Callable[[Sources, Document], Iterator[Figure]]:
    def drawn(sources: Sources, document: Document) -> Iterator[Figure]:
        for segmentation in ("small", "stock"):
            row = explanation(sources, f"why-{segmentation}", name)
            arrays = {kind: get_array(sources.reproduction.store, row[kind]) for kind in ARRAYS}
            picture = draw_overlay(document, row, arrays)
            yield replace(picture, name=f"{segmentation}-{picture.name}")

    return drawn


def _confusion(sources: Sources, document: Document) -> Iterator[Figure]:
    yield draw_confusion(document, sources.evaluation("untuned-long-on-test"))


def _curves(step: str) -> Callable[[Sources, Document], Iterator[Figure]]:
    def drawn(sources: Sources, document: Document) -> Iterator[Figure]:
        yield from draw_curves(document | {"trials": sources[step]["trials"]})

    return drawn


DRAWN: dict[str, Callable[[Sources, Document], Iterator[Figure]]] = {
    "F-2": _samples,
    "F-6": _subject("cat"),
    "F-7": _activations("cat", None),
    "F-8": _subject("truck"),
    "F-9": _activations("truck", 1),
    "F-10": _activations("truck", 17),
    "F-11": _confusion,
    "F-12": _why("airplane"),
    "F-13": _why("bird"),
    "F-14": _curves("untuned-long"),
    "F-15": _curves("untuned-short"),
}
