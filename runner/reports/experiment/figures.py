"""Draw the figures of an experiment's report."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from runner.reports.experiment.document import ExperimentDocument
from runner.reports.explanation.search import search_document
from runner.reports.figures.activation_sheets import draw_layer_sheet, draw_overview
from runner.reports.figures.confusion import draw_confusion
from runner.reports.figures.curve_data import curve_data
from runner.reports.figures.curves import draw_curves
from runner.reports.figures.group_curves import NamedGroup, draw_group_curves
from runner.reports.figures.mask_sheets import draw_mask_sheets
from runner.reports.figures.overlay import draw_overlay
from runner.reports.figures.parallel import draw_parallel
from runner.reports.groups import shown_params
from runner.reports.model import Figure, as_text, titled
from runner.reports.stats.ranking import effective_of
from runner.states import Kind
from runner.store.artifacts import get_array
from runner.store.engine import Store
from runner.store.queries.explanations import Wanted


def draw(store: Store, document: ExperimentDocument) -> list[Figure]:
    """Return the figures of a report. A document without results has none."""
    match document.kind:
        case Kind.TRAIN | Kind.TUNE:
            return [*_curves(document), *_parallel(document)]
        case Kind.EVALUATE:
            return [
                draw_confusion(document.dataset, row.trial, row.split, row.classes, row.confusion)
                for row in document.evaluations
                if row.fold is None
            ]
        case _:
            return [
                *_explanations(store, document),
                *_mean_masks(store, document),
                *_activations(store, document),
            ]


def _curves(document: ExperimentDocument) -> list[Figure]:
    """Return the learning curves of the groups if there are any, else those of the trials."""
    grouped = bool(document.groups)
    drawn = (
        draw_group_curves(document.dataset, _groups(document))
        if grouped
        else draw_curves(document.dataset, document.trials)
    )
    explored = curve_data(document.ranked, document.by, instead=not grouped)
    return [replace(figure, curves=explored) for figure in drawn]


def _groups(document: ExperimentDocument) -> list[NamedGroup]:
    """Return the groups with their names and their trials that have epochs."""
    numbered = {trial.trial: trial for trial in document.trials}
    names = shown_params(document.groups, document.group_by)
    groups = []
    for group in document.groups:
        name = ", ".join(f"{param} {as_text(group.params.get(param))}" for param in names)
        trials = [numbered[number] for number in group.trials if numbered[number].epochs]
        if trials:
            groups.append(NamedGroup(name, trials))
    return groups


def _parallel(document: ExperimentDocument) -> Iterator[Figure]:
    what = f"Parallel coordinates of trials: parameters and {document.by}"
    trials = [replace(trial, params=effective_of(trial)) for trial in document.trials]
    drawn = draw_parallel(
        titled(document.dataset, what),
        trials,
        document.by,
        smaller_is_better=document.minimizes,
    )
    if drawn:
        yield drawn


def _explanations(store: Store, document: ExperimentDocument) -> Iterator[Figure]:
    for explanation in document.explanations:
        if explanation.picture is None:
            continue
        names = {"image": explanation.picture, "segments": explanation.segments}
        arrays = {name: get_array(store, stored) for name, stored in names.items()}
        yield draw_overlay(document.dataset, explanation, arrays)


def _mean_masks(store: Store, document: ExperimentDocument) -> list[Figure]:
    """Return figures of mean masks. With a single image they would repeat its explanation."""
    if len({row.image for row in document.explanations}) < 2:
        return []
    wanted = Wanted(document.experiment, None, None, None, {})
    found = search_document(store, wanted, 0, masks=True)
    return draw_mask_sheets(found.datasets, found.classes, found.cells)


def _activations(store: Store, document: ExperimentDocument) -> Iterator[Figure]:
    for _, group in groupby(document.activations, key=lambda layer: layer.image):
        layers = list(group)
        outputs = [get_array(store, layer.output) for layer in layers]
        yield draw_overview(document.dataset, layers, outputs)
        for layer, output in zip(layers, outputs, strict=True):
            yield draw_layer_sheet(document.dataset, layer, output)
