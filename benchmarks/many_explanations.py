"""Very many stored explanations: bytes for each, and how long filtered and added-up reports take.

On paper only: weights are drawn, and superpixels are those of 200 images of `shapes`, shifted so
that every image has its own.
"""

import argparse
import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
from sqlalchemy import text

from cifar_model.data import shapes
from cifar_model.explanation.regions import curve_counts
from cifar_model.explanation.segmentation import segment
from runner.states import AttemptState, Kind
from runner.store.engine import Store, open_store, upgrade
from runner.store.lifecycle.job_lifecycle import claim, finish
from runner.store.lifecycle.results import write_explained
from runner.submit.explain import CHUNK
from tests.runner.store.making import (
    job_ids,
    make_experiment,
    make_explanation,
    make_trial,
    make_worker,
)

CLASSES = list(shapes.REGIONS)
DRAWN = shapes.draw(200, 0)
REPORTS: tuple[list[str], ...] = (
    ["--verdict", "void"],
    ["--true-class", "ring", "--predicted-class", "circle"],
    [],
    # These have the mean masks.
    ["--format", "json"],
    ["--format", "html", "--out", os.devnull],
)


def main() -> None:
    """Fill an empty store, and print what it takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of a database with nothing in it")
    parser.add_argument("--explanations", type=int, default=100_000)
    given = parser.parse_args()
    upgrade(given.url)
    store = open_store(given.url)
    before = size(store)
    fill(store, given.explanations)
    print(f"{(size(store) - before) / given.explanations:.0f} bytes for each explanation")
    for options in REPORTS:
        command = [sys.executable, "-m", "runner", "explanations", *options]
        started = time.perf_counter()
        subprocess.run(command, env={"RUNNER_DATABASE_URL": given.url}, check=True, stdout=-3)
        print(" ".join(command[3:]), f"{time.perf_counter() - started:.2f} seconds", flush=True)


def fill(store: Store, count: int) -> None:
    """Store explanations of one label of each image, in jobs as they are submitted."""
    random = np.random.default_rng(0)
    configuration = {
        "trial": make_trial(store, "trainer"),
        "samples": 1000,
        "method": "lime",
        "segmentation": "small",
        "dataset": {
            "name": "shapes",
            "title": "shapes (built in)",
            "fingerprint": "0" * 64,
            "classes": CLASSES,
        },
    }
    jobs: list[dict[str, Any]] = [{"images": []}] * (count // CHUNK)
    experiment = make_experiment(store, jobs, kind=Kind.EXPLAIN, configuration=configuration)
    worker = make_worker(store, "explainer")
    found = [segment(np.divide(image, 255, dtype=np.float32), "small") for image in DRAWN.images]
    for job in job_ids(store, experiment):
        claimed = claim(store, job, worker)
        assert claimed is not None

        def write(connection: Any, claimed: Any = claimed) -> None:
            for image in range(CHUNK):
                split: Any = DRAWN
                write_explained(connection, claimed, image, split, explained(found, random))

        assert finish(store, claimed.key, AttemptState.SUCCEEDED, write=write)


def explained(found: list[Any], random: np.random.Generator) -> Any:
    """Return what an explanation of one image may be."""
    segments = np.roll(found[random.integers(len(found))], random.integers(1, 32, 2), (0, 1))
    weights = random.normal(size=int(segments.max()) + 1).tolist()
    verdict = ("sound", "sound", "weak", "void")[random.integers(4)]
    changes: dict[str, Any] = {"removed": None, "removed_random": None} if verdict == "void" else {}
    points = len(curve_counts(len(weights)))
    curves = {name: random.random(points).tolist() for name in ("deletion", "insertion")}
    areas = {f"{name}_area": float(np.mean(values)) for name, values in curves.items()}
    explanation = make_explanation(
        int(random.integers(len(CLASSES))),
        weights=weights,
        superpixels=len(weights),
        verdict=verdict,
        reason=f"{len(weights)} superpixels, R2 {random.random():.2f}, stability 0.80",
        r2=float(random.random()),
        **changes,
        **curves,
        **areas,
    )
    predicted = int(random.integers(len(CLASSES)))
    return SimpleNamespace(
        segments=segments,
        predicted=predicted,
        normalised=False,
        explanations=[explanation],
        samples=1000,
    )


def size(store: Store) -> int:
    """Return the bytes that the database takes."""
    statements = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        "postgresql": "SELECT pg_database_size(current_database())",
    }
    with store.read() as connection:
        return int(connection.scalar(text(statements[connection.dialect.name])) or 0)


if __name__ == "__main__":
    main()
