"""Stored experiments that explain several images with given weights, for tests of differences."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_model.results import Evidence
from runner.states import AttemptState, Kind
from runner.store.engine import Store
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.results import write_explained
from tests.runner.reports.stored import DATASET, new_trial
from tests.runner.store.making import job_ids, make_experiment, make_explanation, make_worker

# Images of 8x8 pixels: sixteen superpixels of four, or as many stripes.
SQUARES = np.kron(np.arange(16, dtype=np.int32).reshape(4, 4), np.ones((2, 2), np.int32))
STRIPES = np.kron(np.arange(16, dtype=np.int32).reshape(8, 2), np.ones((1, 4), np.int32))
IMAGES = 100

Weights = Sequence[float]


def weights(*strongest: int, sign: int = 1) -> list[float]:
    """Return the weights of sixteen superpixels: the strongest first, the others tiny."""
    values = [0.001 * (number + 1) for number in range(16)]
    for place, number in enumerate(strongest):
        values[number] = sign * (0.5 - 0.05 * place)
    return values


def explained(
    store: Store,
    images: Mapping[int, Mapping[int, Weights | None]],
    segments: NDArray[np.int32] = SQUARES,
    *,
    jobs: int = 1,
    dataset: Mapping[str, Any] = DATASET,
    evidence: Evidence | None = None,
    **asked: Any,
) -> int:
    """Explain a new trial's images by the weights of each label; without weights it is void.

    The true label of an image is 0 if its number is even, else 1; the first label is predicted.
    The first job does it all, and further ones are left pending.
    """
    configuration = {
        "dataset": dict(dataset),
        "threads": 1,
        "trial": new_trial(store),
        "method": "lime",
        "segmentation": "small",
        "samples": 100,
        "labels": ["predicted"],
    }
    experiment = make_experiment(
        store, [{}] * jobs, kind=Kind.EXPLAIN, configuration=configuration | asked
    )
    job = job_ids(store, experiment)[0]
    claimed = claim(store, job, make_worker(store, f"explains job {job}"))
    assert claimed is not None
    split: Any = SimpleNamespace(
        images=np.zeros((IMAGES, 8, 8, 3), np.uint8), labels=np.arange(IMAGES) % 2
    )

    def write(connection: Any) -> None:
        for image, labels in images.items():
            found: Any = SimpleNamespace(
                segments=segments,
                predicted=next(iter(labels)),
                normalised=False,
                explanations=[_explanation(*item, evidence) for item in labels.items()],
                samples=(configuration | asked)["samples"],
            )
            write_explained(connection, claimed, image, split, found)

    assert finish(store, claimed.key, AttemptState.SUCCEEDED, write=write)
    return experiment


def _explanation(label: int, values: Weights | None, evidence: Evidence | None) -> Any:
    if values is None:
        nothing = {"verdict": "void", "removed": None, "removed_random": None}
        return make_explanation(label, weights=weights(0), superpixels=16, **nothing)
    return make_explanation(label, weights=list(values), superpixels=16, evidence=evidence)
