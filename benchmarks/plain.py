"""The network, the data and the points of `benchmarks.sweep`, with nothing of this project.

The bare program and the programs of other tools share it: they train exactly the same.
"""

import json
import os
from pathlib import Path
from typing import Any

CLASSES = 10
SEED = 0
LOSSES = {"logcosh": "log_cosh"}

Point = dict[str, Any]


def begin() -> Any:
    """Import Keras for one thread, deterministic, and return it."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(SEED)
    tensorflow.config.experimental.enable_op_determinism()
    return keras


def read_points(path: str) -> list[Point]:
    """Return the points that are trained, one a trial."""
    points: list[Point] = json.loads(Path(path).read_text())
    return points


def arrays(path: str) -> tuple[Any, Any, Any, Any]:
    """Return images and one-hot labels, to train on and to validate on."""
    import numpy as np

    with np.load(path) as found:
        train, val = (
            np.divide(found[name], 255, dtype=np.float32) for name in ("x_train", "x_val")
        )
        one_hot = np.eye(CLASSES, dtype=np.float32)
        return train, one_hot[found["y_train"]], val, one_hot[found["y_val"]]


def build(keras: Any, point: Point) -> Any:
    """Return the paper's network of a point, compiled."""
    layers = keras.layers
    found = [keras.Input((32, 32, 3))]
    for filters, rate in ((32, 0.2), (64, 0.3), (128, 0.4)):
        for _ in range(2):
            found.append(layers.Conv2D(filters, 3, padding="same", activation=point["activation"]))
            found.append(layers.BatchNormalization())
        found += [layers.MaxPooling2D(2), layers.Dropout(rate)]
    found.append(layers.Flatten())
    for units in (64, 32):
        found += [layers.Dense(units, activation="relu"), layers.Dropout(0.25)]
    found.append(layers.Dense(CLASSES, activation=point["last_activation"]))
    model = keras.Sequential(found)
    loss = LOSSES.get(point["losses"], point["losses"])
    optimizer = keras.optimizers.get(point["optimizer"])
    optimizer.learning_rate = point["lr"]
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    return model


def architecture(point: Point) -> tuple[str, ...]:
    """Return what is part of what is compiled: points that share it can share a network."""
    return tuple(point[name] for name in ("optimizer", "losses", "activation", "last_activation"))


def trained(keras: Any, point: Point, data: tuple[Any, Any, Any, Any]) -> float:
    """Train a point with Keras's own `fit` and return its validation accuracy."""
    x_train, y_train, x_val, y_val = data
    keras.utils.clear_session()
    model = build(keras, point)
    history = model.fit(
        x_train,
        y_train,
        batch_size=point["batch_size"],
        epochs=point["epochs"],
        validation_data=(x_val, y_val),
        verbose=0,
    )
    return float(history.history["val_accuracy"][-1])
