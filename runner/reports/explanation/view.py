"""Lay out the report of an `explain` experiment: verdicts, weights, checks and activations."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cifar_model.explanation.verdict import RULES
from runner.reports.explanation.shortcuts import Shortcut
from runner.reports.figures.names import overlay_name
from runner.reports.model import Figure, Note, Part, Table, first_rows, titled
from runner.reports.records import Activation, Explanation, Named, values

SHOWN_WEIGHTS = 5

# The image number in a file name.
IMAGE = re.compile(r"image-\d+(?=[-.])")

REASON = ("image", "class", "verdict", "reason")

# The number of explanations in the tables; JSON and CSV have all of them.
SHOWN_ROWS = 50

WEIGHTS = (
    f"weights: the {SHOWN_WEIGHTS} superpixels with the largest absolute weights, as id:weight;"
    " positive weights support the class, negative weights oppose it. --format json or csv has all"
    " weights."
)


def explanation_parts(
    dataset: Named,
    explanations: Sequence[Explanation],
    activations: Sequence[Activation],
    asked_images: str | None,
    figures: Sequence[Figure],
) -> list[Part]:
    """Return the parts of an explanation report."""
    if not explanations:
        return [*figures]
    shown = explanations[:SHOWN_ROWS]
    drawn = {figure.name for figure in figures}
    linked = [overlay_name(row) for row in shown]
    linked = [name if name in drawn else "" for name in linked]
    return [
        *_asked(asked_images, explanations),
        *_counted(explanations),
        *_not_sound(dataset, shown),
        *_normalised(explanations),
        _superpixels(dataset, shown, linked),
        Note(WEIGHTS),
        *removal_parts(dataset, shown),
        *activation_parts(dataset, activations),
        *(_of_row(figure, linked) for figure in figures),
    ]


# The most important columns first, and all others that a record has.
BRIEF_COLUMNS = (
    *("image", "class", "probability", "verdict", "removed", "removed_random", "true_class"),
    *("predicted_class", "deletion_area", "insertion_area", "method", "superpixels"),
    *("largest_share", "r2", "stability"),
)
ALL_COLUMNS = (
    *BRIEF_COLUMNS,
    *("weights", "reason", "rules", "label", "other_class", "contrast", "contrast_random"),
    *("contrast_other", "contrast_other_random", "intercept", "segmentation", "samples", "seed"),
    *("explanation", "job", "trial"),
)


def brief_explanation_parts(explanations: Sequence[Explanation]) -> list[Part]:
    """Return the parts for a terminal: the verdicts, and one table of the explanations."""
    if not explanations:
        return [Note("No result yet.")]
    rows = [values(row, BRIEF_COLUMNS) for row in explanations]
    weak = [row for row in explanations if row.verdict != "sound"]
    reasons = Table("Reasons", REASON, [values(row, REASON) for row in weak])
    return [
        Note(_verdicts(explanations)),
        *first_rows(Table("", BRIEF_COLUMNS, rows, marks=[_mark(row) for row in explanations])),
        Note(REMOVED_BRIEF),
        *(first_rows(reasons) if weak else []),
    ]


def shortcut_notes(shortcuts: Sequence[Shortcut] | None) -> list[Note]:
    """Return a warning for each shortcut, or a note that none was found; None was not tested."""
    if shortcuts is None:
        return []
    said = [Note(f"Possible shortcut: {found.words()}.", warning=True) for found in shortcuts]
    return said or [Note("No region of the image goes with a single class.")]


def _mark(row: Explanation) -> str:
    return "warning" if row.verdict != "sound" else ""


def explanations_table(dataset: Named, explanations: Sequence[Explanation]) -> Table:
    """Return one row for each explanation, with every column."""
    rows = [
        [
            strongest_weights(row) if name == "weights" else values(row, [name])[0]
            for name in ALL_COLUMNS
        ]
        for row in explanations
    ]
    return Table(titled(dataset, "Explanations"), ALL_COLUMNS, rows)


def _asked(asked: str | None, explanations: Sequence[Explanation]) -> list[Note]:
    """Return a note with the value of `--images`; earlier versions did not store it."""
    images = len({row.image for row in explanations})
    return [Note(f"images: {asked}; {images:,} explained")] if asked else []


def _counted(explanations: Sequence[Explanation]) -> list[Note]:
    left = len(explanations) - SHOWN_ROWS
    more = f" The first {SHOWN_ROWS} are shown; `runner explanations` finds the others."
    return [Note(f"{_verdicts(explanations)}{more if left > 0 else ''}")]


def _verdicts(explanations: Sequence[Explanation]) -> str:
    verdicts = [row.verdict for row in explanations]
    words = ", ".join(f"{verdicts.count(of)} {of}" for of in ("sound", "weak", "void"))
    earlier = sum(row.rules < RULES for row in explanations)
    by = f" {earlier} are by earlier rules." if earlier else ""
    return f"{len(explanations)} explanations: {words}.{by}"


def _not_sound(dataset: Named, explanations: Sequence[Explanation]) -> list[Part]:
    """Return a warning and a table of the weak and void explanations with their reasons."""
    found = [row for row in explanations if row.verdict != "sound"]
    if not found:
        return []
    rows = [values(row, REASON) for row in found]
    warning = f"{len(found)} of the explanations below are weak or void, for these reasons:"
    title = titled(dataset, "Weak and void explanations")
    return [Note(warning, warning=True), Table(title, REASON, rows)]


def _normalised(explanations: Sequence[Explanation]) -> list[Note]:
    if not any(row.normalised for row in explanations):
        return []
    return [
        Note(
            "The network has a sigmoid head, so its outputs do not sum to 1: all probabilities here"
            " are its outputs divided by their sum."
        )
    ]


def _superpixels(
    dataset: Named, explanations: Sequence[Explanation], figures: Sequence[str]
) -> Table:
    columns = (
        *("image", "true_class", "predicted_class", "label", "class", "probability"),
        *("method", "superpixels", "largest_share", "r2", "stability", "intercept", "verdict"),
    )
    return Table(
        titled(dataset, "Superpixels"),
        (*columns, "weights"),
        [[*values(row, columns), strongest_weights(row)] for row in explanations],
        figures=figures,
    )


def _of_row(figure: Figure, linked: Sequence[str]) -> Figure:
    """Return a figure that links to its row; activations link to the first row of their image."""
    image = _image_of(figure.name)
    of_image = [name for name in linked if name and _image_of(name) == image]
    own = figure.name if figure.name in linked else next(iter(of_image), "")
    return replace(figure, row=own)


def _image_of(name: str) -> str | None:
    found = IMAGE.search(name)
    return found[0] if found else None


def strongest_weights(explanation: Explanation) -> str:
    """Return the largest absolute weights as text; those of a void explanation are not shown."""
    if explanation.verdict == "void":
        return "void"
    weights = sorted(enumerate(explanation.weights), key=lambda pair: -abs(pair[1]))
    return ", ".join(f"{number}:{weight:+.3f}" for number, weight in weights[:SHOWN_WEIGHTS])


ONE = ("image", "class", "probability", "removed", "removed_random")
TWO = (
    *("image", "class", "other_class", "probability", "contrast", "contrast_random"),
    *("contrast_other", "contrast_other_random"),
)

CURVES = ("image", "class", "probability", "deletion_area", "insertion_area")

REMOVED = (
    "removed: the probability of the class after hiding the shown regions that support it;"
    " removed_random: its mean for 20 random regions of the same area."
)
REMOVED_BRIEF = (
    "removed: the probability with the supporting regions hidden; removed_random: with random"
    " regions of the same area hidden."
)
CONTRAST = (
    "contrast: the probability of the class after hiding the regions that support it and those that"
    " oppose the other class; contrast_other: that of the other class, with the same regions"
    " hidden; contrast_random, contrast_other_random: the same for random regions of equal area."
)
DELETED = (
    "deletion_area, insertion_area: the area under the curve of the class's probability as the"
    " superpixels are hidden (deletion) or shown (insertion) in descending order of weight. A good"
    " explanation has a small deletion area and a large insertion area; in random order both are"
    " equal on average."
)


def removal_parts(dataset: Named, explanations: Sequence[Explanation]) -> list[Part]:
    """Return the tables of the removal checks. Void explanations have none."""
    removed = [row for row in explanations if row.removed is not None]
    drawn = [row for row in explanations if row.curves is not None]
    contrasted = [row for row in explanations if row.contrast is not None]
    return [
        *_table(titled(dataset, "Probability with regions hidden"), ONE, removed, REMOVED),
        *_table(titled(dataset, "Deletion and insertion"), CURVES, drawn, DELETED),
        *_table(titled(dataset, "Contrast between two classes"), TWO, contrasted, CONTRAST),
    ]


def _table(
    title: str, columns: Sequence[str], explanations: Sequence[Explanation], note: str
) -> list[Part]:
    if not explanations:
        return []
    return [Table(title, columns, [values(row, columns) for row in explanations]), Note(note)]


COLUMNS = ("layer", "name", "shape", "channels", "mean", "spread", "zeros", "dead")

WORDS = (
    "mean, spread: the mean and standard deviation of a channel's values in one image, averaged"
    " over channels and images; zeros: the share of values that are 0; dead: the number of channels"
    " that are 0 everywhere in all images. --format json has all channels of all images."
)


def activation_parts(dataset: Named, activations: Sequence[Activation]) -> list[Part]:
    """Return the table of layers, or no parts if no activations were stored."""
    layers: dict[int, list[Activation]] = {}
    for row in activations:
        layers.setdefault(row.layer, []).append(row)
    if not layers:
        return []
    images = max(map(len, layers.values()))
    words = f"{images} images" if images > 1 else "one image"
    title = titled(dataset, f"Activations by layer, over {words}")
    rows = [_row(found) for _, found in sorted(layers.items())]
    return [Table(title, COLUMNS, rows), Note(WORDS)]


def _row(found: Sequence[Activation]) -> list[Any]:
    """Return the row of a layer, averaged over all images."""
    first, channels = found[0], [row.channels for row in found]
    mean = np.array([of.mean for of in channels])
    spread = np.array([of.spread for of in channels])
    zeros = np.array([of.zeros for of in channels])
    averages = [float(each.mean()) for each in (mean, spread, zeros)]
    dead = int((zeros == 1).all(axis=0).sum())
    return [first.layer, first.name, first.shape, zeros.shape[1], *averages, dead]
