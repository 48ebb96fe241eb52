"""What a report says of every layer's channels over all pictures that were looked at."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from runner.reports.model import Note, Part, Table, titled

COLUMNS = ("layer", "name", "shape", "channels", "mean", "spread", "zeros", "dead")

WORDS = (
    "mean, spread: of a channel's values in one picture, averaged over channels and pictures;"
    " zeros: the share of values that are 0; dead: channels that are 0 everywhere in every picture."
    " --format json has every channel of every picture."
)


def activation_parts(document: Mapping[str, Any]) -> list[Part]:
    """Return the table of layers; nothing if no activations were stored."""
    layers: dict[int, list[Mapping[str, Any]]] = {}
    for row in document["activations"]:
        layers.setdefault(row["layer"], []).append(row)
    if not layers:
        return []
    pictures = max(map(len, layers.values()))
    words = f"{pictures} pictures" if pictures > 1 else "one picture"
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
