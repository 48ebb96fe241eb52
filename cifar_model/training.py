"""Train one trial: the same params, seed and data give the same bits, resumed or not."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cifar_model import checkpoint, network
from cifar_model.augmentation import augment
from cifar_model.data import Dataset
from cifar_model.epoch import Epoch
from cifar_model.errors import CheckpointError, DivergedError
from cifar_model.evaluation import split_outputs
from cifar_model.params import Params
from cifar_model.prediction import Predictor

# What random numbers are for, so that no two of them are the same.
ORDER, AUGMENTATION, DROPOUT = 1, 2, 3

# A GPU works ahead of Python; to look at the loss is to wait for it.
STEPS_BETWEEN_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Hooks:
    """Calls into whoever trains: after every step, and with a checkpoint after every epoch.

    `on_step(epoch, step, steps)` counts from 1, and is called once more with the last step after
    each batch of the validation. Both may raise to stop; the exception comes out as it is.
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
    so a checkpoint needs no random state. Raises DivergedError as soon as a loss is not finite,
    and CheckpointError if `resume` is damaged or not a checkpoint of this training.
    """
    hooks = hooks or Hooks()
    last = params.epochs if epochs is None else epochs
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = network.build(params, dataset.train.images.shape[1:], len(dataset.classes))
    origin = _origin(params, dataset, seed)
    history = [] if resume is None else checkpoint.load(model, resume, origin)
    if len(history) > last:
        raise CheckpointError(f"the checkpoint is of epoch {len(history)}, after the last, {last}")
    trainer = Trainer(model, params, dataset, seed)
    for epoch in range(len(history) + 1, last + 1):
        history.append(trainer.run(epoch, hooks.on_step))
        hooks.on_epoch(history[-1], checkpoint.save(model, history, origin))
    return Trained(history, network.weights_bytes(model))


def _origin(params: Params, dataset: Dataset, seed: int) -> dict[str, Any]:
    """Return what two trainings share if one can go on where the other stopped."""
    without_length = {name: value for name, value in asdict(params).items() if name != "epochs"}
    splits = [len(dataset.train), len(dataset.validation)]
    return {"params": without_length, "seed": seed, "data": [dataset.fingerprint, *splits]}


class Trainer:
    """Hold one network and train it an epoch at a time."""

    def __init__(self, model: keras.Model, params: Params, dataset: Dataset, seed: int) -> None:
        self.model = model
        self.params = params
        self.dataset = dataset
        self.seed = seed
        self.predictor = Predictor(model)
        self._step = tf.function(
            self._train_step,
            input_signature=[
                tf.TensorSpec((None, *self.predictor.shape), tf.float32),
                tf.TensorSpec((None, self.predictor.classes), tf.float32),
            ],
            autograph=False,
            jit_compile=False,
        )

    def _train_step(self, images: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
        # Called directly, Keras's optimizers sum the gradients over one replica. TensorFlow keeps
        # a gradient of that sum for ever and with it the whole graph, 15 MB a trial. Called from
        # between replicas they do not.
        context = tf.distribute.get_replica_context()
        return context.merge_call(lambda _: self.model.train_step((images, labels)))

    def run(self, epoch: int, on_step: Callable[[int, int, int], None]) -> Epoch:
        """Train one epoch and validate."""
        started = time.perf_counter()
        size = self.params.batch_size
        order = self._random(epoch, ORDER).permutation(len(self.dataset.train))
        steps = math.ceil(len(order) / size)
        self._seed_dropout(epoch)
        self.model.reset_metrics()
        for step in range(1, steps + 1):
            means = self._step(*self._batch(order[(step - 1) * size : step * size], epoch, step))
            if step % STEPS_BETWEEN_LOOKS == 0 or step == steps:
                _require_finite(float(means["loss"]), "loss", epoch)
            on_step(epoch, step, steps)
        val_loss, val_accuracy = self._validate(lambda: on_step(epoch, steps, steps))
        _require_finite(val_loss, "val_loss", epoch)
        return Epoch(
            epoch=epoch,
            loss=float(means["loss"]),
            accuracy=float(means["accuracy"]),
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            seconds=time.perf_counter() - started,
        )

    def _random(self, epoch: int, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, epoch, *purpose])

    def _seed_dropout(self, epoch: int) -> None:
        for number, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
                state = self._random(epoch, DROPOUT, number).integers(2**32, size=2)
                layer.seed_generator.state.assign(state)

    def _batch(self, rows: NDArray[np.int64], epoch: int, step: int) -> tuple[tf.Tensor, tf.Tensor]:
        images = self.dataset.train.scaled(rows)
        if self.params.augment:
            images = augment(images, [self.seed, epoch, AUGMENTATION, step])
        labels = self.dataset.train.one_hot(self.predictor.classes, rows)
        return tf.constant(images), tf.constant(labels)

    def _validate(self, after_batch: Callable[[], None]) -> tuple[float, float]:
        """Return the loss and the accuracy on the validation split."""
        split = self.dataset.validation
        outputs, loss = split_outputs(self.predictor, split, after_batch)
        return loss, float((outputs.argmax(axis=1) == split.labels).mean())


def _require_finite(loss: float, name: str, epoch: int) -> None:
    if not math.isfinite(loss):
        raise DivergedError(f"diverged in epoch {epoch}: {name} is {loss}")
