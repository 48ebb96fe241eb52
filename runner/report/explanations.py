"""The explanations and activations of a document, with the names of classes beside labels."""

from typing import Any

from runner.store import reports
from runner.store.engine import Connection

# Names of artifacts in the store: the picture and its superpixels, as arrays.
ARRAYS = ("picture", "segments", "mask")


def explanation_rows(
    connection: Connection, experiment: int, classes: list[str]
) -> list[dict[str, Any]]:
    """Return the explanations that an experiment made; weights are by superpixel id, from 0."""
    found = reports.explanations(connection, experiment)
    return [_explanation_row(row, classes) for row in found]


def _explanation_row(row: reports.Row, classes: list[str]) -> dict[str, Any]:
    return {
        "explanation": row["id"],
        "job": row["job_id"],
        "trial": row["trial_id"],
        "image": row["image"],
        "label": row["label"],
        "class": classes[row["label"]],
        "true_class": classes[row["true_label"]],
        "predicted_class": classes[row["predicted_label"]],
        "probability": row["probability"],
        "samples": row["samples"],
        "seed": row["seed"],
        "superpixels": row["superpixels"],
        "weights": list(row["weights"]),
        "intercept": row["intercept"],
        "r2": row["r2"],
        "verdict": row["verdict"],
        "reason": row["reason"],
        **{name: row[name] for name in ARRAYS},
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
