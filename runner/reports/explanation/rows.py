"""The explanations and activations of a document, with the names of classes beside labels."""

from typing import Any

import numpy as np

from cifar_model.explanation.regions import curve_counts
from runner.store.engine import Connection
from runner.store.queries import reports

# Names of artifacts in the store: the image (null if it was not kept) and its superpixels.
ARRAYS = ("picture", "segments")

PLAIN = (
    *("probability", "normalised", "method", "segmentation", "samples", "seed", "superpixels"),
    *("intercept", "r2", "largest_share", "weight_range", "stability", "verdict", "reason"),
    *("removed", "removed_random", "contrast", "contrast_other"),
    *("contrast_random", "contrast_other_random"),
    *("deletion_area", "insertion_area", *ARRAYS),
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
        "curves": _curves(row),
        "file": None,
    }


def _curves(row: reports.Row) -> dict[str, list[float]] | None:
    """Return the points of both curves by the share of superpixels that are hidden, or shown."""
    if row["curves"] is None:
        return None
    shares = curve_counts(row["superpixels"]) / row["superpixels"]
    deletion, insertion = np.split(np.frombuffer(row["curves"], "<f4"), 2)
    points = {"share": shares, "deletion": deletion, "insertion": insertion}
    return {name: values.tolist() for name, values in points.items()}


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
            **_channels(row["channels"]),
        }
        for row in reports.activations(connection, experiment)
    ]


def _channels(stored: bytes) -> dict[str, Any]:
    """Return what is known of each channel, and how many put out nothing but zeros."""
    mean, spread, zeros = np.frombuffer(stored, "<f4").reshape(3, -1)
    channels = {"mean": mean.tolist(), "spread": spread.tolist(), "zeros": zeros.tolist()}
    return {"channels": channels, "dead": int((zeros == 1).sum())}
