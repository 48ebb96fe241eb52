"""What a report of `explain` shows: how far each explanation can be trusted, then what it says."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from runner.reports.figures.names import overlay_name
from runner.reports.model import Figure, Note, Part, Table, titled

SHOWN_WEIGHTS = 5

# In the names of files.
IMAGE = re.compile(r"image-\d+(?=[-.])")

# More of them nobody reads; JSON and CSV have every one.
SHOWN_ROWS = 50

WEIGHTS = (
    f"weights: the {SHOWN_WEIGHTS} superpixels that count most, as id:weight; above 0 speaks for"
    " the class, below 0 against it. --format json or csv has every weight."
)


def explanation_parts(document: Mapping[str, Any], pictures: Sequence[Figure]) -> list[Part]:
    """Return the parts of a report about explanations."""
    explanations = document["explanations"]
    if not explanations:
        return [*pictures]
    shown = {**document, "explanations": explanations[:SHOWN_ROWS]}
    drawn = {picture.name for picture in pictures}
    linked = [overlay_name(row) for row in shown["explanations"]]
    linked = [name if name in drawn else "" for name in linked]
    pictures = [_of_row(picture, linked) for picture in pictures]
    return [
        *_asked(document),
        *_counted(explanations),
        *_not_sound(shown),
        *_normalised(explanations),
        _superpixels(shown, linked),
        Note(WEIGHTS),
        *removal_parts(shown),
        *activation_parts(document),
        *pictures,
    ]


def _asked(document: Mapping[str, Any]) -> list[Note]:
    """Say how the images were chosen, which an experiment of an earlier version does not know."""
    asked = document["configuration"].get("asked_images")
    images = len({row["image"] for row in document["explanations"]})
    return [Note(f"images: {asked}; {images:,} explained")] if asked else []


def _counted(explanations: Sequence[Mapping[str, Any]]) -> list[Note]:
    counts = Counter(row["verdict"] for row in explanations)
    words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("sound", "weak", "void"))
    left = len(explanations) - SHOWN_ROWS
    more = f" Below are the first {SHOWN_ROWS}; `runner explanations` finds the others."
    return [Note(f"{len(explanations)} explanations: {words}.{more if left > 0 else ''}")]


def _not_sound(document: Mapping[str, Any]) -> list[Part]:
    """Return the weak and the void ones with their reasons, not to be overlooked."""
    found = [row for row in document["explanations"] if row["verdict"] != "sound"]
    if not found:
        return []
    columns = ("image", "class", "verdict", "reason")
    rows = [[row[column] for column in columns] for row in found]
    warning = f"{len(found)} of those below are weak or void: their reasons come first."
    return [Note(warning, warning=True), Table(titled(document, "Weak and void"), columns, rows)]


def _normalised(explanations: Sequence[Mapping[str, Any]]) -> list[Note]:
    if not any(row["normalised"] for row in explanations):
        return []
    return [
        Note(
            "The network's outputs are no distribution (a sigmoid head): all probabilities here are"
            " its outputs divided by their sum."
        )
    ]


def _superpixels(document: Mapping[str, Any], pictures: Sequence[str]) -> Table:
    columns = (
        *("image", "true_class", "predicted_class", "label", "class", "probability"),
        *("method", "superpixels", "largest_share", "r2", "stability", "intercept", "verdict"),
    )
    return Table(
        titled(document, "Superpixels"),
        (*columns, "weights"),
        [
            [*(row[column] for column in columns), strongest_weights(row)]
            for row in document["explanations"]
        ],
        pictures=pictures,
    )


def _of_row(picture: Figure, linked: Sequence[str]) -> Figure:
    """Return a figure that leads back to its row; activations to the first row of their image."""
    image = _image_of(picture.name)
    of_image = [name for name in linked if name and _image_of(name) == image]
    own = picture.name if picture.name in linked else next(iter(of_image), "")
    return replace(picture, row=own)


def _image_of(name: str) -> str | None:
    found = IMAGE.search(name)
    return found[0] if found else None


def strongest_weights(explanation: Mapping[str, Any]) -> str:
    """Return the weights that count most; a void explanation's mean nothing."""
    if explanation["verdict"] == "void":
        return "void"
    weights = sorted(enumerate(explanation["weights"]), key=lambda pair: -abs(pair[1]))
    return ", ".join(f"{number}:{weight:+.3f}" for number, weight in weights[:SHOWN_WEIGHTS])


ONE = ("image", "class", "probability", "removed", "removed_random")
TWO = (
    *("image", "class", "other_class", "probability", "contrast", "contrast_random"),
    *("contrast_other", "contrast_other_random"),
)

CURVES = ("image", "class", "probability", "deletion_area", "insertion_area")

REMOVED = (
    "removed: the probability of the class without the regions that speak for it, which get the"
    " colour that stands for them; removed_random: the mean without random regions of the same"
    " area, 20 times."
)
CONTRAST = (
    "contrast: the probability of the class without the regions for it and against the other;"
    " contrast_other: that of the other class then; _random: without random regions of that area."
)
DELETED = (
    "deletion_area, insertion_area: below the class's probability while its superpixels are hidden"
    " one after another, what speaks most for it first, and while they are shown so. Small and"
    " large is good; in random order both are the same on average."
)


def removal_parts(document: Mapping[str, Any]) -> list[Part]:
    """Return the tables of what was removed; what is void has none."""
    return [
        *_table(document, "Regions removed", "removed", ONE, REMOVED),
        *_table(document, "Deletion and insertion", "curves", CURVES, DELETED),
        *_table(document, "Why one and not the other", "contrast", TWO, CONTRAST),
    ]


def _table(
    document: Mapping[str, Any], title: str, needed: str, columns: Sequence[str], note: str
) -> list[Part]:
    rows = [row for row in document["explanations"] if row[needed] is not None]
    if not rows:
        return []
    cells = [[row[column] for column in columns] for row in rows]
    return [Table(titled(document, title), columns, cells), Note(note)]


COLUMNS = ("layer", "name", "shape", "channels", "mean", "spread", "zeros", "dead")

WORDS = (
    "mean, spread: of a channel's values in one image, averaged over channels and images;"
    " zeros: the share of values that are 0; dead: channels that are 0 everywhere in every image."
    " --format json has every channel of every image."
)


def activation_parts(document: Mapping[str, Any]) -> list[Part]:
    """Return the table of layers; nothing if no activations were stored."""
    layers: dict[int, list[Mapping[str, Any]]] = {}
    for row in document["activations"]:
        layers.setdefault(row["layer"], []).append(row)
    if not layers:
        return []
    pictures = max(map(len, layers.values()))
    words = f"{pictures} images" if pictures > 1 else "one image"
    title = titled(document, f"Channels of every layer over {words}")
    rows = [_row(found) for _, found in sorted(layers.items())]
    return [Table(title, COLUMNS, rows), Note(WORDS)]


def _row(found: Sequence[Mapping[str, Any]]) -> list[Any]:
    first = found[0]
    mean, spread, zeros = (
        np.array([row["channels"][name] for row in found]) for name in ("mean", "spread", "zeros")
    )
    averages = [float(values.mean()) for values in (mean, spread, zeros)]
    dead = int((zeros == 1).all(axis=0).sum())
    return [first["layer"], first["name"], first["shape"], zeros.shape[1], *averages, dead]
