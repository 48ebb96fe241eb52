"""The explanations and activations of a document, with the names of classes beside labels."""

from typing import Any

import numpy as np

from runner.store import reports
from runner.store.engine import Connection

# Names of artifacts in the store: the picture (null if it was not kept) and its superpixels.
ARRAYS = ("picture", "segments")

PLAIN = (
    *("probability", "normalised", "method", "segmentation", "samples", "seed", "superpixels"),
    *("intercept", "r2", "largest_share", "weight_range", "stability", "verdict", "reason"),
    *("removed", "removed_random", "contrast", "contrast_other"),
    *("contrast_random", "contrast_other_random", *ARRAYS),
)


def explanation_rows(
    connection: Connection, experiment: int, classes: list[str]
) -> list[dict[str, Any]]:
    """Return the explanations that an experiment made; weights are by superpixel id, from 0."""
    found = reports.explanations(connection, experiment)
    return [explanation_row(row, classes) for row in found]


def explanation_row(row: reports.Row, classes: list[str]) -> dict[str, Any]:
    """Return one explanation as reports have it."""
    other = row["other_label"]
    return {
        "explanation": row["id"],
        "job": row["job_id"],
        "trial": row["trial_id"],
        "image": row["image"],
        "label": row["label"],
        "class": classes[row["label"]],
        "true_class": classes[row["true_label"]],
        "predicted_class": classes[row["predicted_label"]],
        "other_class": None if other is None else classes[other],
        "weights": np.frombuffer(row["weights"], "<f8").tolist(),
        **{name: row[name] for name in PLAIN},
        "file": None,
    }


def activation_rows(connection: Connection, experiment: int) -> list[dict[str, Any]]:
    """Return the layer outputs that an experiment stored; `output` names the array."""
    return [
        {
            "job": row["job_id"],
            "trial": row["trial_id"],
            "image": row["image"],
            "layer": row["layer"],
            "name": row["name"],
            "shape": list(row["shape"]),
            "output": row["output"],
        }
        for row in reports.activations(connection, experiment)
    ]
