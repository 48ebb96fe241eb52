"""Keras on TensorFlow: compiled steps, forward passes, gradients and threads."""

import ast
import sys
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from cifar_model.backends.interface import Array
from cifar_model.batches.epoch import Batches
from cifar_model.errors import OtherThreadsError

PACKAGES: tuple[str, ...] = ("tensorflow",)
# On the CPU XLA is three to four times slower.
XLA = False


def configure(threads: int) -> None:
    """Make TensorFlow deterministic, with so many threads."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise OtherThreadsError(
            f"TensorFlow runs with {thread_count()} threads in this process, not {threads}"
        ) from error
    tf.config.experimental.enable_op_determinism()


def seed(number: int) -> None:
    """Set Keras's global seed, from which initial weights come, and TensorFlow's."""
    keras.utils.set_random_seed(number)


def seed_keras(number: int) -> None:
    """Set Keras's global seed only: TensorFlow's own discards what TensorFlow has compiled."""
    own = tf.random.set_seed
    tf.random.set_seed = lambda _: None
    try:
        keras.utils.set_random_seed(number)
    finally:
        tf.random.set_seed = own


def is_used_by(code: str) -> bool:
    """Return whether code may draw from TensorFlow's generators, whose state is not Keras's.

    Code that imports more than Keras, numpy and Python's own modules may do that anywhere.
    """
    known = {"keras", "numpy", *sys.stdlib_module_names}
    return "tensorflow" in code or not _imported(code) <= known


def _imported(code: str) -> set[str]:
    """Return the packages that code imports."""
    names = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return {name.partition(".")[0] for name in names}


def thread_count() -> int:
    """Return the number of threads that one operation uses."""
    found: int = tf.config.threading.get_intra_op_parallelism_threads()
    return found


def gpu() -> str | None:
    """Return the model of the GPU that computes, or None for the processor."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    details = tf.config.experimental.get_device_details(gpus[0])
    return f"{details.get('device_name')} {details.get('compute_capability')}"


def takes_loops() -> bool:
    """Return False: every step is a call."""
    return False


class _Program:
    def __init__(self, model: keras.Model, batch: int) -> None:
        self.model = model
        shape, classes = model.input_shape[1:], model.output_shape[-1]
        self._step = _compiled(
            lambda images, labels: model.train_step((images, labels)),
            [(None, *shape), (None, classes)],
        )
        self._outputs = _compiled(lambda images: model(images, training=False), [(batch, *shape)])
        self._scores = _compiled(_scores(model), [(batch, *shape), (batch, classes)])

    def train(self, batches: Batches) -> dict[str, float]:
        self.model.reset_metrics()
        for images, labels in batches:
            self._step(tf.constant(images), tf.constant(labels))
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def outputs(self, images: Array) -> Array:
        outputs: Array = self._outputs(tf.constant(images)).numpy()
        return outputs

    def scores(self, images: Array, labels: Array) -> tuple[Array, Array]:
        outputs, losses = self._scores(tf.constant(images), tf.constant(labels))
        return outputs.numpy(), losses.numpy()


program = _Program


def _compiled(function: Callable[..., Any], shapes: list[tuple[int | None, ...]]) -> Any:
    return tf.function(
        function,
        input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes],
        autograph=False,
        jit_compile=False,
    )


def _scores(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    def scores(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs = model(images, training=False)
        # Keras keeps a head's logits as an attribute of this very tensor and computes the
        # cross-entropy from them: called on a copy, the loss is another.
        return outputs, model.loss.call(labels, outputs)

    return scores


def gradient(
    model: keras.Model,
    images: Array,
    head: Callable[[Any], Any],
    layer: tuple[keras.Layer, Any] | None = None,
) -> tuple[Array, Array]:
    """Return what a layer puts out, without one the images, and the gradient in it."""
    seen = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(seen)
        if layer is None:
            outputs = model(seen, training=False)
        else:
            both = keras.Model(model.inputs[0], [layer[1], model.outputs[0]])
            seen, outputs = both(seen, training=False)
        found = head(outputs)
    return seen.numpy(), tape.gradient(found, seen).numpy()
