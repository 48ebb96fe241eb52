"""Our values and figures for the network and its layers."""

import io
import math

import numpy as np

from cifar_model.params import DEFAULTS
from runner.reports.figures.activation_sheets import draw_layer_sheet, draw_overview
from runner.reports.model import Figure
from runner.reports.records import Activation
from runner.reproduction.measured import Missing, Sources, Values, exact
from runner.reproduction.paper_values import LAYERS
from runner.store.artifacts import WeightsLeftOutError, get_array, get_artifact

PAPER_BATCH = 500


def network(sources: Sources) -> Values:
    """Count the parameters in the stored weights."""
    trial = sources.trial("untuned-long")
    try:
        content = get_artifact(sources.reproduction.store, trial.model)
    except WeightsLeftOutError:
        raise Missing("untuned-long with its weights") from None
    with np.load(io.BytesIO(content), allow_pickle=False) as weights:
        count = sum(int(math.prod(weights[name].shape)) for name in weights.files)
    params = {**DEFAULTS, **trial.params}
    filters, blocks = int(params["filters"]), int(params["blocks"])
    # Each block has two batch normalisation layers with two non-trainable averages each.
    averages = sum(4 * filters * 2**block for block in range(blocks))
    return {"parameters": exact(count), "trainable parameters": exact(count - averages)}


def layer_list(sources: Sources) -> Values:
    """Return the output shape of every layer for a batch of the paper's size."""
    ours = {layer.name: [PAPER_BATCH, *layer.shape] for layer in _layers(sources, "cat")}
    return {name: exact(ours.get(name, "no such layer")) for name in (*LAYERS, *ours)}


def layers(sources: Sources, subject: str) -> Values:
    """Return the number of layers shown for a subject."""
    return {"layers": exact(len(_layers(sources, subject)))}


def layers_figures(sources: Sources, subject: str) -> list[Figure]:
    """Draw the activations of all layers for a subject in one figure."""
    found = _layers(sources, subject)
    outputs = [get_array(sources.reproduction.store, layer.output) for layer in found]
    return [draw_overview(sources.reproduction.named, found, outputs)]


def layer(sources: Sources, subject: str, number: int) -> Values:
    """Return the name of the layer with this number, counted from 1."""
    found = _numbered(sources, subject, number)
    return {"layer": exact(found[0].name if found else f"there is no layer {number}")}


def layer_figures(sources: Sources, subject: str, number: int) -> list[Figure]:
    """Draw the activations of one layer for a subject, if the network has that layer."""
    store, named = sources.reproduction.store, sources.reproduction.named
    return [
        draw_layer_sheet(named, found, get_array(store, found.output))
        for found in _numbered(sources, subject, number)
    ]


def _numbered(sources: Sources, subject: str, number: int) -> list[Activation]:
    return [layer for layer in _layers(sources, subject) if layer.layer == number]


def _layers(sources: Sources, subject: str) -> list[Activation]:
    """Return the stored outputs of all layers for the image of a subject, in order."""
    image = sources.reproduction.subjects.images[subject]
    found = [layer for layer in sources["activations"].activations if layer.image == image]
    if not found:
        raise Missing("activations")
    return found
