"""The bare program of a sweep: two processes that do nothing but the steps of their trials.

python -m benchmarks.bare DATA.npz POINTS.json

Each imports TensorFlow once, and compiles each network once. Nothing of this project is used.
"""

import multiprocessing
import sys
from typing import Any

from benchmarks.plain import SEED, Point, architecture, arrays, begin, build, read_points

PROCESSES = 2
# So many images are validated at once.
BATCH = 250


class Warm:
    """A compiled network, reset to the same first weights for each trial."""

    def __init__(self, keras: Any, point: Point) -> None:
        import tensorflow as tf

        self.model = build(keras, point)
        self.model.optimizer.build(self.model.trainable_variables)
        shapes = [tf.TensorSpec((None, 32, 32, 3)), tf.TensorSpec((None, 10))]
        model = self.model
        self.step = tf.function(
            lambda images, labels: model.train_step((images, labels)), input_signature=shapes
        )
        self.forward = tf.function(
            lambda images: model(images, training=False), input_signature=shapes[:1]
        )
        variables = [*model.variables, *model.optimizer.variables]
        self.first = [(variable, variable.numpy()) for variable in variables]

    def train(self, point: Point, data: tuple[Any, Any, Any, Any]) -> float:
        """Train a point and return its validation accuracy."""
        import numpy as np

        x_train, y_train, x_val, y_val = data
        for variable, value in self.first:
            variable.assign(value)
        size = point["batch_size"]
        for epoch in range(point["epochs"]):
            order = np.random.default_rng([SEED, epoch]).permutation(len(x_train))
            for start in range(0, len(order), size):
                rows = order[start : start + size]
                self.step(x_train[rows], y_train[rows])
            starts = range(0, len(x_val), BATCH)
            outputs = [self.forward(x_val[start : start + BATCH]).numpy() for start in starts]
        return float((np.concatenate(outputs).argmax(1) == y_val.argmax(1)).mean())


def work(data_file: str, points: list[Point]) -> None:
    """Train points one after another."""
    keras = begin()
    data, warm = arrays(data_file), dict[tuple[str, ...], Warm]()
    for point in points:
        known = architecture(point)
        if known not in warm:
            warm[known] = Warm(keras, point)
        warm[known].train(point, data)


def main(data_file: str, points_file: str) -> None:
    """Share the points among the processes: those of one network stay together."""
    by_network: dict[tuple[str, ...], list[Point]] = {}
    for point in read_points(points_file):
        by_network.setdefault(architecture(point), []).append(point)
    shares: list[list[Point]] = [[] for _ in range(PROCESSES)]
    for points in sorted(by_network.values(), key=len, reverse=True):
        min(shares, key=len).extend(points)
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=work, args=(data_file, share)) for share in shares]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.exit(max(process.exitcode or 0 for process in processes))


if __name__ == "__main__":
    main(*sys.argv[1:])
