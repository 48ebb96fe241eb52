"""Our values for the network, its layers, the images, and why the network says what it says."""

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cifar_model.explanation.regions import mask
from cifar_model.params import Params
from runner.reproduction.measured import Measured, Missing, Row, Sources, Values, exact
from runner.reproduction.paper_values import LAYERS
from runner.store.artifacts import get_array, get_artifact

PAPER_BATCH = 500
SAMPLES = 1000


def network(sources: Sources) -> Values:
    """Count the parameters in the stored weights."""
    trial = sources.trial("untuned-long")
    content = get_artifact(sources.reproduction.store, trial["model"])
    with np.load(io.BytesIO(content), allow_pickle=False) as weights:
        count = sum(int(math.prod(weights[name].shape)) for name in weights.files)
    params = Params.from_json(trial["params"])
    # Each block has two batch normalisations, each of them two averages that are not trained.
    averages = sum(4 * params.filters * 2**block for block in range(params.blocks))
    return {"parameters": exact(count), "trainable parameters": exact(count - averages)}


def pictures(sources: Sources) -> Values:
    """Return how many images there are and in what form they are trained on."""
    dataset = sources.reproduction.dataset
    rows = slice(SAMPLES)
    pixels, labels = dataset.train.scaled(rows), dataset.train.one_hot(len(dataset.classes), rows)
    low, high = float(pixels.min()), float(pixels.max())
    one_hot = set(np.unique(labels)) <= {0, 1} and bool((labels.sum(axis=1) == 1).all())
    return {
        "train images": exact(len(dataset.train)),
        "validation images": exact(len(dataset.validation)),
        "test images": exact(len(dataset.test)),
        "classes": exact(len(dataset.classes)),
        "pixels": exact(f"from {low:.3g} to {high:.3g}"),
        "labels": exact("one-hot" if one_hot else "not one-hot"),
    }


def samples(sources: Sources) -> Values:
    """Return how many classes are shown."""
    return {"classes shown": exact(len(sources.reproduction.dataset.classes))}


def layers_of(sources: Sources, subject: str) -> list[Row]:
    """Return the stored outputs of all layers for the image of a subject, in order."""
    image = sources.reproduction.subjects.images[subject]
    rows = [row for row in sources["activations"]["activations"] if row["image"] == image]
    if not rows:
        raise Missing("activations")
    return rows


def layer_list(sources: Sources) -> Values:
    """Return the shape of every layer's output for a batch as large as the paper's."""
    ours = {row["name"]: [PAPER_BATCH, *row["shape"]] for row in layers_of(sources, "cat")}
    return {name: exact(ours.get(name, "no such layer")) for name in (*LAYERS, *ours)}


def subject(sources: Sources, name: str) -> Values:
    """Return what the image of a subject shows."""
    shown = explained_picture(sources, name)["true_class"]
    return {"picture": exact(f"a {shown}")}


def explained_picture(sources: Sources, name: str) -> Row:
    """Return an explanation of the image of a subject, which has the image with it."""
    image = sources.reproduction.subjects.images[name]
    return _first("activations", sources["activations"]["explanations"], "image", image)


def layers(sources: Sources, name: str) -> Values:
    """Return how many layers are shown of a subject."""
    return {"layers": exact(len(layers_of(sources, name)))}


def layer(sources: Sources, name: str, number: int) -> Values:
    """Return the name of a layer by its number, from 1."""
    found = [row for row in layers_of(sources, name) if row["layer"] == number]
    return {"layer": exact(found[0]["name"] if found else f"there is no layer {number}")}


def explanation(sources: Sources, step: str, name: str) -> Row:
    """Return the explanation that a step made of the class of a subject."""
    shown = sources.reproduction.subjects.classes[name]
    return _first(step, sources[step]["explanations"], "class", shown)


def _first(step: str, rows: Sequence[Row], name: str, value: Any) -> Row:
    found = [row for row in rows if row[name] == value]
    if not found:
        raise Missing(step)
    return found[0]


def why(sources: Sources, name: str) -> Values:
    """Return how much of the image would be green and red, with either segmentation."""
    small = explanation(sources, "why-small", name)
    found: Values = {
        "predicted class": Measured(small["predicted_class"]),
        "probability": Measured(small["probability"]),
    }
    for segmentation in ("stock", "small"):
        row = explanation(sources, f"why-{segmentation}", name)
        segments = get_array(sources.reproduction.store, row["segments"])
        signs = mask(segments, row["weights"])
        shares = {"for": float((signs > 0).mean()), "against": float((signs < 0).mean())}
        for side, value in shares.items():
            found[f"share {side} it, {segmentation} segmentation"] = Measured(
                value, exact=segmentation == "stock"
            )
        found |= {
            f"superpixels, {segmentation} segmentation": Measured(row["superpixels"]),
            f"R2, {segmentation} segmentation": Measured(row["r2"]),
            f"verdict, {segmentation} segmentation": Measured(row["verdict"]),
        }
    return found
