"""How many samples `--samples auto` takes, and how near its weights are to those of 10,000.

`python -m benchmarks.auto_samples [--images 20]` trains a network on `--dataset` first.
"""

import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.networks import arguments, trained
from cifar_model.explanation.attributions import Answer, answers
from cifar_model.explanation.integrity import stability
from cifar_model.explanation.segmentation import divide
from cifar_model.explanation.settings import SAMPLING, Settings
from cifar_model.prediction import Predictor

MANY = 10_000


def main() -> None:
    """Print a row for each method and number of samples."""
    assert __doc__ is not None
    parser = arguments(__doc__)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--methods", nargs="*", default=SAMPLING)
    given = parser.parse_args()
    predictor, dataset = trained(given)
    chosen = np.linspace(0, len(dataset.test) - 1, given.images).astype(int)
    images = dataset.test.scaled()[chosen]
    for method in given.methods:
        # Of another seed: else its first samples would be the same.
        many = Settings("small", MANY, 1000, method)
        expected = [explained(predictor, image, many) for image in images]
        for title, settings in (
            ("250", Settings("small", 250, 0, method)),
            ("1000", Settings("small", 1000, 0, method)),
            ("auto", Settings("small", 1000, 0, method, auto=True)),
        ):
            began = time.perf_counter()
            found = [explained(predictor, image, settings) for image in images]
            seconds = (time.perf_counter() - began) / len(images)
            print(method, title, compared(found, expected), f"{seconds:.2f} s an image", flush=True)


def explained(predictor: Predictor, image: NDArray[np.float32], settings: Settings) -> Answer:
    """Return the answer for the class that is predicted."""
    label = int(predictor.probabilities(image[None])[0].argmax())
    return answers(predictor, divide(image, settings.segmentation), [label], settings)[0]


def compared(found: list[Answer], expected: list[Answer]) -> str:
    """Return how many samples were used, and how the weights agree with the expected ones."""
    pairs = [(one.weights, other.weights) for one, other in zip(found, expected, strict=True)]
    alike = [float(np.corrcoef(*pair)[0, 1]) for pair in pairs]
    used = sorted(answer.samples for answer in found)
    return (
        f"samples {used[0]} to {used[-1]}, mean {np.mean(used):.0f};"
        f" correlation {np.mean(alike):.3f}, lowest {min(alike):.3f};"
        f" overlap of the strongest {np.mean([stability(pair) for pair in pairs]):.3f};"
    )


if __name__ == "__main__":
    main()
