"""How far explanations can be trusted: verdicts, R2, stability and removals, for each segmentation.

Explains the first images of every class of the test split: the predicted class and the runner-up.
"""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from benchmarks.folders import KEPT
from benchmarks.networks import arguments, trained
from cifar_model.data import Dataset
from cifar_model.explanation.picture import explain
from cifar_model.explanation.settings import SEGMENTATIONS, Settings
from cifar_model.prediction import Predictor

SAMPLES = 1000


def main() -> None:
    """Measure both segmentations on the same images, keep the numbers and print a summary."""
    parser = arguments(__doc__)
    parser.add_argument("--per-class", type=int, default=60)
    given = parser.parse_args()
    predictor, dataset = trained(given)
    labels = dataset.test.labels
    images = np.concatenate(
        [np.flatnonzero(labels == label)[: given.per_class] for label in np.unique(labels)]
    )
    for segmentation in SEGMENTATIONS:
        rows = measure(predictor, dataset, segmentation, images)
        (KEPT / f"trust-{dataset.fingerprint[:12]}-{segmentation}.json").write_text(
            json.dumps(rows)
        )
        summarise(segmentation, rows)


def measure(
    predictor: Predictor, dataset: Dataset, segmentation: str, images: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Return what was found of each image, for both of its classes."""
    rows = []
    for done, image in enumerate(images.tolist(), start=1):
        base = predictor.probabilities(dataset.test.scaled(slice(image, image + 1)))[0]
        both = np.argsort(base)[::-1][:2].tolist()
        picture = dataset.test.images[image]
        explained = explain(predictor, picture, both, Settings(segmentation, SAMPLES, 0))
        found = [asdict(explanation) for explanation in explained.explanations]
        rows.append(
            {"image": image, "true": int(dataset.test.labels[image]), "explanations": found}
        )
        if done % 50 == 0:
            print(f"{segmentation}: {done} of {len(images)}", flush=True)
    return rows


def summarise(segmentation: str, rows: list[dict[str, Any]]) -> None:
    """Print the shares with Wilson's 95 % intervals, and the medians."""
    firsts = [row["explanations"][0] for row in rows]
    for verdict in ("void", "weak", "sound"):
        print(segmentation, verdict, share([found["verdict"] == verdict for found in firsts]))
    for name in ("superpixels", "r2", "stability", "largest_share"):
        values = [found["integrity"][name] for found in firsts]
        print(segmentation, f"median {name} {np.median(values):.3f}")
    checks = [found["checks"] for found in firsts if found["checks"]["removed"] is not None]
    print(segmentation, "deletion", share([c["removed"] < c["removed_random"] for c in checks]))
    pairs = [check for check in checks if check["contrast"] is not None]
    falls = [c["contrast"] < c["contrast_random"] for c in pairs]
    rises = [c["contrast_other"] > c["contrast_other_random"] for c in pairs]
    print(segmentation, "contrast, the class falls", share(falls))
    print(segmentation, "contrast, the other rises", share(rises), flush=True)


def share(hits: list[bool]) -> str:
    """Return a share in words, with its interval."""
    if not hits:
        return "0 of 0"
    interval = binomtest(sum(hits), len(hits)).proportion_ci(0.95, method="wilson")
    percent = 100 * sum(hits) / len(hits)
    return (
        f"{sum(hits)} of {len(hits)}: {percent:.1f} %"
        f" ({100 * interval.low:.1f} to {100 * interval.high:.1f})"
    )


if __name__ == "__main__":
    main()
