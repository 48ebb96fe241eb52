"""Draw the figures that belong to a document."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from runner.reports.experiment.document import METRIC
from runner.reports.explanation.rows import ARRAYS
from runner.reports.explanation.search import search_document
from runner.reports.figures.activation_sheets import draw_layer_sheet, draw_overview
from runner.reports.figures.confusion import draw_confusion
from runner.reports.figures.curves import draw_curves
from runner.reports.figures.mask_sheets import draw_mask_sheets
from runner.reports.figures.overlay import draw_overlay
from runner.reports.figures.parallel import draw_parallel
from runner.reports.model import Figure, titled
from runner.reports.stats.ranking import effective
from runner.states import Kind
from runner.store.artifacts import get_array
from runner.store.engine import Store
from runner.store.queries.explanations import Wanted


def draw(store: Store, document: Mapping[str, Any]) -> list[Figure]:
    """Return the figures of a report; a document without results has none."""
    match document["kind"]:
        case Kind.TRAIN | Kind.TUNE:
            return [*draw_curves(document), *_parallel(document)]
        case Kind.EVALUATE:
            own = [row for row in document["evaluations"] if row["fold"] is None]
            return [draw_confusion(document, row) for row in own]
        case _:
            return [
                *_explanations(store, document),
                *_mean_masks(store, document),
                *_activations(store, document),
            ]


def _parallel(document: Mapping[str, Any]) -> Iterator[Figure]:
    trials = [trial | {"params": effective(trial["params"])} for trial in document["trials"]]
    drawn = draw_parallel(
        titled(document, f"Parallel coordinates of trials: parameters and {METRIC}"), trials, METRIC
    )
    if drawn:
        yield drawn


def _explanations(store: Store, document: Mapping[str, Any]) -> Iterator[Figure]:
    for explanation in document["explanations"]:
        if explanation["picture"] is None:
            continue
        arrays = {name: get_array(store, explanation[name]) for name in ARRAYS}
        yield draw_overlay(document, explanation, arrays)


def _mean_masks(store: Store, document: Mapping[str, Any]) -> list[Figure]:
    """Return the sheets of mean masks; of a single image they would say nothing more."""
    if len({row["image"] for row in document["explanations"]}) < 2:
        return []
    wanted = Wanted(document["experiment"], None, None, None, {})
    return draw_mask_sheets(search_document(store, wanted, 0, masks=True))


def _activations(store: Store, document: Mapping[str, Any]) -> Iterator[Figure]:
    for _, group in groupby(document["activations"], key=lambda layer: layer["image"]):
        layers = list(group)
        outputs = [get_array(store, layer["output"]) for layer in layers]
        yield draw_overview(document, layers, outputs)
        for layer, output in zip(layers, outputs, strict=True):
            yield draw_layer_sheet(document, layer, output)
