"""What the network said once the regions that explanations name were really removed."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.reports.model import Note, Part, Table, titled

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
