"""Seconds an epoch takes here and with plain Keras `fit`, in interleaved pairs.

`python -m benchmarks.overhead` trains the same network on the same images for one epoch each, with
validation; ours also writes a checkpoint. With `--augmentation crop_flip` it compares ours with and
without that augmentation instead. KERAS_BACKEND chooses the backend.
"""

import argparse
import time
from collections.abc import Callable

import keras
import numpy as np

from benchmarks.folders import KEPT
from cifar_model import checkpoint, determinism
from cifar_model.compile_cache import compiled
from cifar_model.data import Dataset, DatasetSpec, Split, load
from cifar_model.networks import building
from cifar_model.params import Params
from cifar_model.training import Trainer


def ours(params: Params, dataset: Dataset) -> Callable[[], float]:
    """Return what trains an epoch as a worker does and returns its seconds."""
    predictor = compiled(params, (32, 32, 3), len(dataset.classes), 0)
    trainer = Trainer(predictor, params.training, dataset, 0)

    def epoch() -> float:
        started = time.perf_counter()
        done = trainer.run(1, lambda *_: None)
        checkpoint.save(predictor.model, [done])
        return time.perf_counter() - started

    return epoch


def fit(params: Params, dataset: Dataset) -> Callable[[], float]:
    """Return what trains an epoch with Keras's `fit` and returns its seconds."""
    # Determinism is switched on for the process: `fit` shuffles only with a seed then.
    keras.utils.set_random_seed(0)
    model = building.build(params, (32, 32, 3), len(dataset.classes))

    def arrays(split: Split) -> tuple[object, object]:
        return split.scaled(), keras.utils.to_categorical(split.labels, len(dataset.classes))

    (images, labels), validation = arrays(dataset.train), arrays(dataset.validation)
    size = params.training.batch_size

    def epoch() -> float:
        started = time.perf_counter()
        model.fit(
            images,
            labels,
            batch_size=size,
            validation_data=validation,
            validation_batch_size=250,
            verbose=0,
        )
        return time.perf_counter() - started

    return epoch


def median_interval(values: list[float]) -> tuple[float, float]:
    """Return the interval of the median at 95 percent, from the resampled values."""
    draws = np.random.default_rng(0).choice(values, (10_000, len(values)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="shapes", help="as for `runner submit train`")
    parser.add_argument("--train-size", type=int, default=None)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--augmentation", help="compare with and without it, instead of with fit")
    given = parser.parse_args()
    determinism.configure(given.threads)
    print(determinism.fingerprint(), flush=True)
    dataset = load(DatasetSpec(given.dataset, given.train_size), KEPT)
    values = {"batch_size": given.batch_size}
    params = Params.from_json(values)
    if given.augmentation:
        augmented = Params.from_json(values | {"augmentation": given.augmentation})
        both, names = (ours(augmented, dataset), ours(params, dataset)), ("with it", "without")
    else:
        both, names = (ours(params, dataset), fit(params, dataset)), ("here", "with fit")
    for epoch in both:
        epoch()  # compiles
    ratios = []
    for pair in range(given.pairs):
        order = both if pair % 2 else both[::-1]
        seconds = {epoch: epoch() for epoch in order}
        ratios.append(seconds[both[0]] / seconds[both[1]])
        rates = [f"{len(dataset.train) / seconds[epoch]:.0f}" for epoch in both]
        told = ", ".join(f"{rate} {name}" for rate, name in zip(rates, names, strict=True))
        print(f"images/s: {told}; {ratios[-1] - 1:+.1%}", flush=True)
    low, high = median_interval(ratios)
    print(
        f"difference in time: {np.median(ratios) - 1:+.1%}",
        f"(95 % interval {low - 1:+.1%} to {high - 1:+.1%})",
    )


if __name__ == "__main__":
    main()
