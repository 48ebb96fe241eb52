"""Train a network as a worker does, for two short epochs."""

import time
from dataclasses import asdict

import keras
import numpy as np

from cifar_model import determinism
from cifar_model.checking.drawn import BATCH_SIZE, drawn_images
from cifar_model.checking.files import Files, die, digest
from cifar_model.checking.plan import EPOCHS, Life, Outcome, Plan
from cifar_model.compile_cache import compiled
from cifar_model.networks.building import weights_bytes
from cifar_model.networks.network import Network
from cifar_model.params import Params
from cifar_model.results import Epoch
from cifar_model.training import Hooks, train


def start() -> None:
    """Make Keras compute as in a worker of one thread."""
    determinism.configure(1)


def train_network(plan: Plan, life: Life, seed: int, files: Files) -> Outcome:
    """Train with a seed, from the checkpoint in the directory if there is one."""
    network = Network(plan.name, tuple(plan.parameters.items()), plan.code)
    short = {"batch_size": BATCH_SIZE, "epochs": EPOCHS}
    params = Params.from_json({**short, **plan.params}, network)
    dataset = drawn_images(plan.drawn)
    shape, classes = dataset.train.images.shape[1:], len(dataset.classes)
    initial = _initial(compiled(params, shape, classes, seed).model)

    def on_step(epoch: int, step: int, steps: int) -> None:
        if step == steps // 2 and life.die == f"middle_{epoch}":
            die()

    def on_epoch(epoch: Epoch, checkpoint: bytes) -> None:
        metrics = asdict(epoch)
        files.record(epoch.epoch, {name: metrics[name] for name in METRICS}, checkpoint)
        if life.die == f"end_{epoch.epoch}":
            die()

    started = time.perf_counter()
    hooks = Hooks(on_step=on_step, on_epoch=on_epoch)
    trained = train(params, dataset, seed, hooks=hooks, resume=files.resume())
    seconds = (time.perf_counter() - started) / EPOCHS
    left = {"the weights": digest(trained.weights)}
    return Outcome(seed, files.epochs(), left, initial, seconds)


METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")


def _initial(model: keras.Model) -> str | None:
    """Return the digest of the first weights if any of them were drawn, as most kernels are."""
    drawn = any(array.ndim > 1 and np.ptp(array) for array in model.get_weights())
    return digest(weights_bytes(model)) if drawn else None
