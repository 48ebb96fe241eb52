"""Functions with planted faults, in numpy alone: a check of one takes seconds."""

from pathlib import Path

# A linear classifier; what a fault replaces stands between the marks.
TRAINER = """
import datetime
import json
import random
import time

import numpy as np

PARAMS = {"lr": 0.1, "epochs": 3}


def train(params, context):
    images = context.data.train.scaled().reshape(len(context.data.train), -1)
    labels = context.data.train.one_hot(len(context.data.classes))
    weights = np.random.default_rng(context.seed).normal(0, 0.01, (images.shape[1], 10))
    done = 0
    # start
    if (checkpoint := context.resume()) is not None:
        done = checkpoint[0]
        weights = np.frombuffer(checkpoint[1:]).reshape(weights.shape).copy()
    for epoch in range(done + 1, params["epochs"] + 1):
        rng = np.random.default_rng([context.seed, epoch])
        # epoch
        for rows in np.array_split(rng.permutation(len(images)), 3):
            outputs = images[rows] @ weights
            outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
            outputs /= outputs.sum(axis=1, keepdims=True)
            weights -= params["lr"] * images[rows].T @ (outputs - labels[rows]) / len(rows)
        context.report(epoch, {"val_loss": float(abs(weights).sum())},
                       checkpoint=bytes([epoch]) + weights.tobytes())
    context.save("weights", weights.tobytes())
"""


def planted(directory: Path, *changes: tuple[str, str]) -> str:
    """Write the trainer with changes and return how `runner check` names it."""
    text = TRAINER
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = directory / "planted.py"
    path.write_text(text)
    return f"{path}:train"
