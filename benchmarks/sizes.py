"""Explanations of the same images at several sizes: superpixels, R2, stability and seconds.

For each size a network is trained on the images resized to it, and LIME explains the first of the
test split, with the stored explanation's three seeds, checks and curves.
"""

import time

import numpy as np

from benchmarks.networks import arguments, trained
from cifar_model.explanation.picture import explain
from cifar_model.explanation.segmentation import segment
from cifar_model.explanation.settings import Settings

SIZES = (32, 64, 128)
# Images that are divided into superpixels, which takes milliseconds.
DIVIDED = 200


def main() -> None:
    """Print a line of medians for each size."""
    parser = arguments(__doc__)
    parser.add_argument("--images", type=int, default=20, help="how many are explained")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    given = parser.parse_args()
    for size in given.sizes:
        given.image_size = size
        predictor, dataset = trained(given)
        counts = [
            int(segment(image, "small").max()) + 1
            for image in dataset.test.scaled(slice(0, DIVIDED))
        ]
        explain(predictor, dataset.test.images[0], [], Settings("small", 100, 0))  # compiles
        seconds, r2, stability = [], [], []
        for image in dataset.test.images[: given.images]:
            started = time.perf_counter()
            (found,) = explain(predictor, image, [], Settings("small", 1000, 0)).explanations
            seconds.append(time.perf_counter() - started)
            r2.append(float(found.integrity.r2 or 0))
            stability.append(found.integrity.stability)
        print(
            f"{size}: {np.median(counts):g} superpixels"
            f" ({min(counts)} to {max(counts)} on {len(counts)} images), R2 {np.median(r2):.2f},"
            f" stability {np.median(stability):.2f}, {np.median(seconds):.1f} s per explanation",
            flush=True,
        )


if __name__ == "__main__":
    main()
