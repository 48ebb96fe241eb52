"""Train one trial: the same params, seed and data give the same bits, resumed or not."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cifar_model import checkpoint
from cifar_model.augmentation import augment
from cifar_model.compile_cache import Compiled, compiled
from cifar_model.data import Dataset, Split
from cifar_model.errors import DivergedError
from cifar_model.evaluation import mean, split_scores
from cifar_model.network import weights_bytes
from cifar_model.params import Params
from cifar_model.results import Epoch

# What random numbers are for, so that no two of them are the same.
ORDER, AUGMENTATION, DROPOUT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Hooks:
    """Calls into whoever trains: at every step, and with a checkpoint after every epoch.

    `on_step(epoch, step, steps)` may raise to stop; the exception comes out as it is.
    """

    on_step: Callable[[int, int, int], None] = lambda *_: None
    on_epoch: Callable[[Epoch, bytes], None] = lambda *_: None


@dataclass(frozen=True, slots=True)
class Trained:
    """A trial's epochs and its weights after the last one."""

    epochs: list[Epoch]
    weights: bytes


def train(
    params: Params,
    dataset: Dataset,
    seed: int,
    *,
    epochs: int | None = None,
    hooks: Hooks | None = None,
    resume: bytes | None = None,
) -> Trained:
    """Train params on a data set, for their own number of epochs unless told otherwise.

    At each epoch the order, the augmentation and the seeds of dropout are set from (seed, epoch),
    so a checkpoint needs no random state. Raises DivergedError if a loss is not finite, and
    CheckpointError if `resume` is not a checkpoint of this network.
    """
    hooks = hooks or Hooks()
    height, width, channels = dataset.train.images.shape[1:]
    network = compiled(params, (height, width, channels), len(dataset.classes), seed)
    model = network.model
    history = checkpoint.load(model, resume) if resume else []
    trainer = Trainer(network, params, dataset, seed)
    for epoch in range(len(history) + 1, (epochs or params.epochs) + 1):
        history.append(trainer.run(epoch, hooks.on_step))
        hooks.on_epoch(history[-1], checkpoint.save(model, history))
    return Trained(history, weights_bytes(model))


class Trainer:
    """Hold one network and train it an epoch at a time."""

    def __init__(self, network: Compiled, params: Params, dataset: Dataset, seed: int) -> None:
        self.network = network
        self.model = network.model
        self.params = params
        self.dataset = dataset
        self.classes = len(dataset.classes)
        self.seed = seed

    def run(self, epoch: int, on_step: Callable[[int, int, int], None]) -> Epoch:
        """Train one epoch and validate."""
        started = time.perf_counter()
        self._seed_dropout(epoch)
        self.model.reset_metrics()
        order = np.random.default_rng([self.seed, epoch, ORDER]).permutation(
            len(self.dataset.train)
        )
        steps = math.ceil(len(order) / self.params.batch_size)
        for step in range(steps):
            on_step(epoch, step, steps)
            rows = order[step * self.params.batch_size : (step + 1) * self.params.batch_size]
            self.network.step(*self._batch(rows, epoch, step))
        metrics = {name: float(value) for name, value in self.model.get_metrics_result().items()}
        val_loss, val_accuracy = self._validate(self.dataset.validation)
        if not (math.isfinite(metrics["loss"]) and math.isfinite(val_loss)):
            raise DivergedError(
                f"diverged in epoch {epoch}: loss {metrics['loss']}, val_loss {val_loss}"
            )
        return Epoch(
            epoch=epoch,
            loss=metrics["loss"],
            accuracy=metrics["accuracy"],
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            seconds=time.perf_counter() - started,
        )

    def _seed_dropout(self, epoch: int) -> None:
        for number, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
                key = np.random.SeedSequence([self.seed, epoch, DROPOUT, number])
                layer.seed_generator.state.assign(key.generate_state(2))

    def _batch(self, rows: NDArray[np.int64], epoch: int, step: int) -> tuple[tf.Tensor, tf.Tensor]:
        images = self.dataset.train.scaled(rows)
        if self.params.augment:
            images = augment(images, (self.seed, epoch, AUGMENTATION, step))
        labels = self.dataset.train.one_hot(self.classes, rows)
        return tf.constant(images), tf.constant(labels)

    def _validate(self, split: Split) -> tuple[float, float]:
        """Return the loss and the accuracy on a split."""
        outputs, losses = split_scores(self.network.predictor, split, self.classes)
        right = outputs.argmax(axis=1) == split.labels
        return mean(losses), float(right.mean())
