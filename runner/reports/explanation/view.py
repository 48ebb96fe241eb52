"""What a report of `explain` shows: how far each explanation can be trusted, then what it says."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.reports.explanation.activations import activation_parts
from runner.reports.explanation.removals import removal_parts
from runner.reports.model import Note, Part, Picture, Table, titled

SHOWN_WEIGHTS = 5

# In the names of files.
IMAGE = re.compile(r"image-\d+(?=[-.])")

# More of them nobody reads; JSON and CSV have every one.
SHOWN_ROWS = 50

WEIGHTS = (
    f"weights: the {SHOWN_WEIGHTS} superpixels that count most, as id:weight; above 0 speaks for"
    " the class, below 0 against it. --format json or csv has every weight."
)


def explanation_parts(document: Mapping[str, Any], pictures: Sequence[Picture]) -> list[Part]:
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


def name_of(explanation: Mapping[str, Any]) -> str:
    """Return what an explanation is called: which picture and which class."""
    return f"image {explanation['image']}, {explanation['class']}"


def overlay_name(explanation: Mapping[str, Any]) -> str:
    """Return the name of the file that shows an explanation."""
    return f"explanation-image-{explanation['image']}-label-{explanation['label']}.png"


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


def _of_row(picture: Picture, linked: Sequence[str]) -> Picture:
    """Return a picture that leads back to its row; activations to the first row of their image."""
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
