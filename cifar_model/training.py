"""Train one trial: the same params, seed and data give the same bits, resumed or not."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import keras
import numpy as np

from cifar_model import checkpoint
from cifar_model.batches.epoch import DROPOUT, Batches
from cifar_model.compile_cache import compiled
from cifar_model.data import Dataset, Split
from cifar_model.errors import DivergedError
from cifar_model.evaluation import mean, split_scores
from cifar_model.networks.building import weights_bytes
from cifar_model.networks.initial import FRESH, Start
from cifar_model.objective import STOPPED, ended_by, has_stalled
from cifar_model.params import Params, Training
from cifar_model.prediction import Predictor
from cifar_model.results import Epoch


@dataclass(frozen=True, slots=True)
class Hooks:
    """Calls into whoever trains: at every step, and with a checkpoint after every epoch.

    `on_step(epoch, step, steps)` may raise to stop; the exception comes out as it is. `ends(epoch)`
    is asked before every later epoch, also when training resumes: True ends it after this one.
    """

    on_step: Callable[[int, int, int], None] = lambda *_: None
    on_epoch: Callable[[Epoch, bytes], None] = lambda *_: None
    ends: Callable[[int], bool] = lambda _: False


@dataclass(frozen=True, slots=True)
class Trained:
    """A trial's epochs, its weights after the last one, and what ended it."""

    epochs: list[Epoch]
    weights: bytes
    ended_by: str


def train(  # noqa: PLR0913 (it depends on that much)
    params: Params,
    dataset: Dataset,
    seed: int,
    *,
    epochs: int | None = None,
    hooks: Hooks | None = None,
    resume: bytes | None = None,
    start: Start = FRESH,
    until: int | None = None,
) -> Trained:
    """Train params on a data set, for their own number of epochs unless told otherwise.

    `until` stops after an earlier epoch, as if it was interrupted there.

    At each epoch the order, the augmentation and the seeds of dropout are set from (seed, epoch),
    and patience looks at the history, so a checkpoint needs no random state and no counter. Raises
    DivergedError if a loss is not finite, and CheckpointError if `resume` is not a checkpoint of
    this network.
    """
    hooks = hooks or Hooks()
    training = replace(params.training, epochs=epochs or params.training.epochs)
    height, width, channels = dataset.train.images.shape[1:]
    shape, classes = (height, width, channels), len(dataset.classes)
    steps = training.epochs * math.ceil(len(dataset.train) / training.batch_size)
    predictor = compiled(params, shape, classes, seed, steps, start)
    model = predictor.model
    history = checkpoint.load(model, resume) if resume else []
    trainer = Trainer(predictor, training, dataset, seed)
    last = min(until or training.epochs, training.epochs)
    stopped = False
    while len(history) < last and not _has_stalled(history, training.patience):
        if stopped := hooks.ends(len(history)):
            break
        history.append(trainer.run(len(history) + 1, hooks.on_step))
        hooks.on_epoch(history[-1], checkpoint.save(model, history))
    model.optimizer.finalize_variable_values(model.trainable_variables)
    ended = ended_by(len(history), training.epochs, training.patience)
    ended = STOPPED if stopped else ended
    return Trained(history, weights_bytes(model), ended)


def _has_stalled(history: list[Epoch], patience: int) -> bool:
    return has_stalled([epoch.val_loss for epoch in history], patience)


class Trainer:
    """Hold one network and train it an epoch at a time."""

    def __init__(
        self, predictor: Predictor, training: Training, dataset: Dataset, seed: int
    ) -> None:
        self.predictor = predictor
        self.training = training
        self.dataset = dataset
        self.classes = len(dataset.classes)
        self.seed = seed

    def run(self, epoch: int, on_step: Callable[[int, int, int], None]) -> Epoch:
        """Train one epoch and validate."""
        started = time.perf_counter()
        self._seed_generators(epoch)
        key, training = (self.seed, epoch), self.training
        batches = Batches(self.dataset.train, self.classes, training, key, on_step)
        metrics = self.predictor.program.train(batches)
        with averaged(self.predictor.model):
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

    def _seed_generators(self, epoch: int) -> None:
        """Set the state of every random layer, such as dropout."""
        for number, state in enumerate(seed_states(self.predictor.model)):
            key = np.random.SeedSequence([self.seed, epoch, DROPOUT, number])
            state.assign(key.generate_state(2))

    def _validate(self, split: Split) -> tuple[float, float]:
        """Return the loss and the accuracy on a split."""
        outputs, losses = split_scores(self.predictor, split, self.classes)
        right = outputs.argmax(axis=1) == split.labels
        return mean(losses), float(right.mean())


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Give a model the averages of its weights for a while, if its optimizer keeps them."""
    if not model.optimizer.use_ema:
        yield
        return
    weights = model.trainable_variables
    own = [np.array(keras.ops.convert_to_numpy(weight)) for weight in weights]
    model.optimizer.finalize_variable_values(weights)
    try:
        yield
    finally:
        for weight, value in zip(weights, own, strict=True):
            weight.assign(value)


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """Return the state of each of Keras's seed generators in a model, however deep it is in it."""
    return [
        variable
        for variable in model.non_trainable_variables
        if variable.path.endswith("seed_generator_state")
    ]
