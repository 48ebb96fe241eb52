"""The explanations of two experiments for the same images, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from runner.reports.stats.similarity import Shown, likeness
from runner.store.artifacts import get_array
from runner.store.engine import Store

Row = Mapping[str, Any]
Images = Mapping[int, Sequence[Row]]

MEASURES = (
    "shared_weight",
    "shared_weight_chance",
    "overlap",
    "rank_correlation",
    "sign_flips",
)

# Why two explanations of an image are not compared.
LEFT_OUT = ("void", "nothing_shown", "no_common_class")


def explanation_pairs(store: Store, first: Images, second: Images) -> Iterator[dict[str, Any]]:
    """Yield a row for each class that both explain for an image, and one for an image without.

    Both hold lists of explanations by image.
    """
    for image in sorted(first.keys() & second.keys()):
        rows = first[image], second[image]
        shared = {
            "image": image,
            "true_class": rows[0][0]["true_class"],
            "predicted_classes": [of[0]["predicted_class"] for of in rows],
        }
        unknown = dict.fromkeys(("class", "verdicts", "same_segments", *MEASURES))
        by_class = [{row["class"]: row for row in of} for of in rows]
        common = [name for name in by_class[0] if name in by_class[1]]
        if not common:
            yield {**shared, **unknown, "left_out": "no_common_class"}
        for name in common:
            pair = by_class[0][name], by_class[1][name]
            yield {**shared, **unknown, "class": name, **_compared(store, pair)}


def _compared(store: Store, pair: tuple[Row, Row]) -> dict[str, Any]:
    verdicts = [row["verdict"] for row in pair]
    if "void" in verdicts:
        return {"verdicts": verdicts, "left_out": "void"}
    # The same name is the same array: artifacts are named by what they hold.
    segments = {name: get_array(store, name) for name in {row["segments"] for row in pair}}
    same = len(segments) == 1
    shown = [Shown(segments[row["segments"]], np.array(row["weights"])) for row in pair]
    measured = likeness(*shown, same_segments=same)
    left_out = "nothing_shown" if measured is None else None
    return {"verdicts": verdicts, "same_segments": same, **(measured or {}), "left_out": left_out}
