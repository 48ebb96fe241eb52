"""Pair the explanations of two experiments by image and class, and compare each pair."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runner.reports.records import Explanation, fields_of
from runner.reports.stats.similarity import Shown, similarity
from runner.store.artifacts import get_array
from runner.store.engine import Store

Images = Mapping[int, Sequence[Explanation]]

MEASURES = (
    "shared_weight",
    "shared_weight_chance",
    "shared_weight_signed",
    "shared_weight_signed_chance",
    "overlap",
    "rank_correlation",
    "sign_flips",
)

# The measures whose means over images have an interval, which --fail-if can name.
WITH_INTERVAL = (
    "shared_weight",
    "overlap",
    "rank_correlation",
    "sign_flips",
    "shared_weight_signed",
)

# The reasons why two explanations of an image are not compared.
LEFT_OUT = ("void", "nothing_shown", "no_common_class")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two explanations of the same image and class, and their similarity.

    `left_out` is the reason if they were not compared; the measures are then None. Fields with two
    values have the first experiment's value first.
    """

    image: int
    true_class: str
    predicted_classes: list[str]
    class_: str | None = None
    verdicts: list[str] | None = None
    same_segments: bool | None = None
    shared_weight: float | None = None
    shared_weight_chance: float | None = None
    shared_weight_signed: float | None = None
    shared_weight_signed_chance: float | None = None
    overlap: float | None = None
    rank_correlation: float | None = None
    sign_flips: float | None = None
    left_out: str | None = None


def explanation_pairs(store: Store, first: Images, second: Images) -> Iterator[Pair]:
    """Yield a pair for each image and class that both experiments explain.

    An image without a common class yields one pair that is not compared. `first` and `second` have
    the explanations of each experiment by image.
    """
    for image in sorted(first.keys() & second.keys()):
        rows = first[image], second[image]
        pair = Pair(
            image=image,
            true_class=rows[0][0].true_class,
            predicted_classes=[of[0].predicted_class for of in rows],
        )
        by_class = [{row.class_: row for row in of} for of in rows]
        common = [name for name in by_class[0] if name in by_class[1]]
        if not common:
            yield replace(pair, left_out="no_common_class")
        for name in common:
            yield _compared(store, pair, (by_class[0][name], by_class[1][name]))


def _compared(store: Store, pair: Pair, rows: tuple[Explanation, Explanation]) -> Pair:
    verdicts = [row.verdict for row in rows]
    pair = replace(pair, class_=rows[0].class_, verdicts=verdicts)
    if "void" in verdicts:
        return replace(pair, left_out="void")
    # Artifacts are named by the hash of their content, so equal names mean equal arrays.
    segments = {name: get_array(store, name) for name in {row.segments for row in rows}}
    same = len(segments) == 1
    shown = [Shown(segments[row.segments], np.array(row.weights)) for row in rows]
    found = similarity(*shown, same_segments=same)
    if found is None:
        return replace(pair, same_segments=same, left_out="nothing_shown")
    return replace(pair, same_segments=same, **fields_of(found))
