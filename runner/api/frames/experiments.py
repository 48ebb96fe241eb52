"""The frame of experiments."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cifar_model.data import Description
from runner.api.frames.table import TIME, frame_of_rows, types_of
from runner.specs import Configuration
from runner.states import JobState
from runner.store.engine import Store
from runner.store.queries import frames
from runner.store.queries.leaderboard import Scope
from runner.store.queries.names import tags_of

CONFIGURATION = {
    **dict.fromkeys(("trial", "epochs", "repeats", "threads"), "Int64"),
    **dict.fromkeys(("points", "sampled", "different", "folds", "samples"), "Int64"),
    "downsample": "float64",
    **dict.fromkeys(("method", "split", "segmentation"), "category"),
    "asked_images": "string",
    **dict.fromkeys(("activations", "verify"), "boolean"),
    **dict.fromkeys(("grid", "labels"), "object"),
}
PROVENANCE = {
    **dict.fromkeys(("command", "version", "commit", "python", "platform", "host"), "string"),
    "dirty": "boolean",
    "packages": "object",
}
TYPES = {
    "experiment": "int64",
    "name": "string",
    "tags": "object",
    "note": "string",
    "kind": "category",
    "seed": "int64",
    "created_at": TIME,
    "ended_at": TIME,
    "archived_at": TIME,
    "paused": "bool",
    **{f"states.{state}": "int64" for state in JobState},
    **{f"dataset.{name}": kind for name, kind in types_of(Description).items()},
    **{f"configuration.{name}": kind for name, kind in CONFIGURATION.items()},
    **{f"provenance.{name}": kind for name, kind in PROVENANCE.items()},
}


def experiments_frame(store: Store, scope: Scope) -> pd.DataFrame:
    """Return one row for each experiment; `ended_at` is missing while a job has not ended."""
    with store.read() as connection:
        stored = frames.experiment_columns(connection, scope.experiments)
        tags = tags_of(connection, stored["experiment"])
    rows = (dict(zip(stored, values, strict=True)) for values in zip(*stored.values(), strict=True))
    return frame_of_rows((_row(row) | {"tags": tags[row["experiment"]]} for row in rows), TYPES)


def _row(stored: Mapping[str, Any]) -> dict[str, Any]:
    configuration = Configuration(stored["configuration"])
    return {
        **stored,
        "paused": stored["paused_at"] is not None,
        "dataset": configuration.dataset.to_json(),
        # A method of explanation has its present name.
        "configuration": {**configuration.to_json(), "method": configuration.method},
    }
