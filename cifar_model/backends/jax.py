"""Keras on JAX: compiled steps, forward passes, gradients and threads."""

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from cifar_model.backends.interface import Array
from cifar_model.backends.jax_augmentation import augmented
from cifar_model.batches.epoch import Batches
from cifar_model.data import Split
from cifar_model.errors import OtherThreadsError

PACKAGES: tuple[str, ...] = ("jax", "jaxlib")
XLA = True

# Where XLA reads how many threads its processor's client gets, when that starts.
_THREADS = "NPROC"
_started: list[int] = []

# The most steps of one loop. An epoch of 40,000 images in batches of 32 is one; between loops of a
# larger one a job can be stopped.
LOOP_STEPS = 2000
# Whether there are loops, if that was said; else an accelerator decides.
_loops: list[bool] = []
# The newest split, and its images and labels on the device.
_held: list[tuple[Split, Any, Any]] = []

_wait: Callable[[Any], Any] = jax.block_until_ready


def configure(threads: int) -> None:
    """Start JAX with so many threads; on a GPU XLA_FLAGS make it deterministic."""
    if not _started:
        os.environ[_THREADS] = str(threads)
        jax.devices()
        _started.append(threads)
    if _started != [threads]:
        raise OtherThreadsError(
            f"JAX runs with {thread_count()} threads in this process, not {threads}"
        )


def seed(number: int) -> None:
    """Set Keras's global seed, from which initial weights come."""
    # Keras would import TensorFlow, if it is installed, only to seed it too.
    found = sys.modules.get("tensorflow")
    modules: dict[str, Any] = sys.modules
    modules["tensorflow"] = None
    try:
        keras.utils.set_random_seed(number)
    finally:
        del modules["tensorflow"]
        if found is not None:
            modules["tensorflow"] = found


seed_keras = seed


def is_used_by(code: str) -> bool:  # noqa: ARG001 (whatever it is)
    """Return False: JAX has no such generator."""
    return False


def thread_count() -> int:
    """Return the number of threads that one operation uses."""
    return _started[0]


def gpu() -> str | None:
    """Return the model of the GPU that computes, or None for the processor."""
    device = jax.devices()[0]
    if device.platform == "cpu":
        return None
    return f"{device.device_kind} {getattr(device, 'compute_capability', '')}".strip()


def takes_loops() -> bool:
    """Return whether many steps are one compiled program: on a processor that is far slower."""
    return _loops[-1] if _loops else gpu() is not None


def take_loops(on: bool) -> None:
    """Say whether many steps are one compiled program, to test and measure it on any device."""
    _loops[:] = [on]


class _Program:
    def __init__(self, model: keras.Model, batch: int) -> None:  # noqa: ARG002 (JAX finds it in the images)
        self.model = model
        # Keras's own step of training, which `fit` compiles too.
        self._step = jax.jit(model.train_step, donate_argnums=0)
        self._loop = jax.jit(partial(_loop, model), static_argnums=0, donate_argnums=1)
        self._outputs = jax.jit(partial(_forward, model))
        self._scores = jax.jit(partial(_scores, model))

    def train(self, batches: Batches) -> dict[str, float]:
        _build_metrics(self.model)
        self.model.reset_metrics()
        state = _state(self.model)
        try:
            if takes_loops():
                how = batches.training.augmentation, batches.classes
                split = _on_device(batches.split)
                for steps in _loops_of(batches):
                    state = _wait(self._loop(how, state, split, steps))
            else:
                for batch in batches:
                    _, state = self._step(state, batch)
                    # Else the loop runs ahead of the steps, and nothing could stop them.
                    _wait(state)
        finally:
            # Also when training is stopped: the values from before are given away.
            for variables, values in zip(_variables(self.model), state, strict=True):
                for variable, value in zip(variables, values, strict=True):
                    variable.assign(value)
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def outputs(self, images: Array) -> Array:
        return np.asarray(self._outputs(*_weights(self.model), images))

    def scores(self, images: Array, labels: Array) -> tuple[Array, Array]:
        outputs, losses = self._scores(*_weights(self.model), images, labels)
        return np.asarray(outputs), np.asarray(losses)


program = _Program


def _loops_of(batches: Batches) -> Iterator[tuple[Any, Any]]:
    """Yield the rows and the draws of the steps of each loop, stacked; no step is told in between.

    A smaller last batch has a loop of its own, in which all steps have one shape.
    """
    whole = len(batches.split) // batches.training.batch_size
    starts = [*range(0, whole, LOOP_STEPS), whole]
    ends = [*starts[1:], len(batches)]
    for start, end in zip(starts, ends, strict=True):
        steps = range(start, end)
        if not steps:
            continue
        for step in steps:
            batches.tell(step)
        rows = np.stack([batches.rows(step) for step in steps])
        draws = zip(*(batches.draws(step) for step in steps), strict=True)
        yield rows, tuple(np.stack(each) for each in draws)


def _on_device(split: Split) -> tuple[Any, Any]:
    """Return images and labels on the device, where they stay until others come."""
    if not _held or _held[0][0] is not split:
        _held.clear()
        _held.append((split, jax.device_put(split.images), jax.device_put(split.labels)))
    _, images, labels = _held[0]
    return images, labels


def _loop(
    model: keras.Model, how: tuple[str, int], state: Any, split: tuple[Any, Any], steps: Any
) -> Any:
    """Return the state after some steps, each the rows of its images and what is drawn for them."""
    augmentation, classes = how
    images, labels = split

    def step(state: Any, given: tuple[Any, Any]) -> tuple[Any, None]:
        rows, draws = given
        scaled = images[rows].astype(jnp.float32) / 255
        batch = augmented(augmentation, scaled, jax.nn.one_hot(labels[rows], classes), draws)
        _, state = model.train_step(state, batch)
        return state, None

    return jax.lax.scan(step, state, steps)[0]


def _build_metrics(model: keras.Model) -> None:
    """Let Keras make the variables of the metrics, as it does with the first batch."""
    labels = np.zeros((1, *model.output_shape[1:]), np.float32)
    model.compute_metrics(None, labels, labels)


def _variables(model: keras.Model) -> tuple[list[keras.Variable], ...]:
    """Return the variables of the state of `train_step`, in its order."""
    return (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )


def _state(model: keras.Model) -> tuple[list[Any], ...]:
    return tuple([variable.value for variable in each] for each in _variables(model))


def _weights(model: keras.Model) -> tuple[list[Any], list[Any]]:
    trainable, others = model.trainable_variables, model.non_trainable_variables
    return [each.value for each in trainable], [each.value for each in others]


def _forward(model: keras.Model, trainable: list[Any], others: list[Any], images: Any) -> Any:
    outputs, _ = model.stateless_call(trainable, others, images, training=False)
    return outputs


def _scores(
    model: keras.Model, trainable: list[Any], others: list[Any], images: Any, labels: Any
) -> tuple[Any, Any]:
    outputs = _forward(model, trainable, others, images)
    return outputs, model.loss.call(labels, outputs)


def gradient(
    model: keras.Model,
    images: Array,
    head: Callable[[Any], Any],
    layer: tuple[keras.Layer, Any] | None = None,
) -> tuple[Array, Array]:
    """Return what a layer puts out, without one the images, and the gradient in it."""
    weights = _weights(model)
    if layer is None:
        slopes = jax.grad(lambda given: head(_forward(model, *weights, given)).sum())(images)
        return images, np.asarray(slopes)
    convolution, tensor = layer
    seen = np.asarray(keras.Model(model.inputs[0], tensor)(images, training=False))

    def changed(change: Any) -> Any:
        """Return the sum of the head where a change is added to what the layer puts out."""
        call = convolution.call
        convolution.call = lambda *given, **options: call(*given, **options) + change
        try:
            return head(_forward(model, *weights, images)).sum()
        finally:
            convolution.call = call

    return seen, np.asarray(jax.grad(changed)(np.zeros_like(seen)))
