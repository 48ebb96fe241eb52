"""What a module of this package offers: the interface to one of Keras's backends."""

from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from cifar_model.batches.epoch import Batches

Array = NDArray[np.float32]


class Program(Protocol):
    """A compiled network: its training step and its forward pass, for images of one shape.

    The forward pass takes exactly the number of images that the program was made for: a new shape
    would be compiled again.
    """

    def train(self, batches: Batches) -> dict[str, float]:
        """Take one step for each batch of images and labels; return the means of the metrics."""

    def outputs(self, images: Array) -> Array:
        """Return what the last layer puts out."""

    def scores(self, images: Array, labels: Array) -> tuple[Array, Array]:
        """Return what the last layer puts out, and the loss of each image."""


class Backend(Protocol):
    """One of Keras's backends."""

    # The distributions whose versions decide the bits.
    PACKAGES: tuple[str, ...]
    # Whether Keras's own `fit` and `evaluate` compile with XLA.
    XLA: bool

    def configure(self, threads: int) -> None:
        """Make the backend deterministic, with so many threads; they too decide the last bits.

        Raises OtherThreadsError if it has started in this process with another number.
        """

    def seed(self, number: int) -> None:
        """Set Keras's global seed, from which initial weights come, and the backend's own."""

    def seed_keras(self, number: int) -> None:
        """Set Keras's global seed, and keep what the backend has compiled."""

    def is_used_by(self, code: str) -> bool:
        """Return whether code may draw from a generator of the backend that has a state."""

    def thread_count(self) -> int:
        """Return the number of threads that one operation uses."""

    def gpu(self) -> str | None:
        """Return the model of the GPU that computes, or None for the processor."""

    def takes_loops(self) -> bool:
        """Return whether many steps are one compiled program, which gives other last bits."""

    def program(self, model: keras.Model, batch: int) -> Program:
        """Compile a network whose forward pass takes `batch` images."""

    def gradient(
        self,
        model: keras.Model,
        images: Array,
        head: Callable[[Any], Any],
        layer: tuple[keras.Layer, Any] | None = None,
    ) -> tuple[Array, Array]:
        """Return what a layer puts out for images, and the gradient in it of head(outputs).

        The layer comes with its tensor in the graph of the model, see `networks.layers`; without
        one it is the images themselves. What `head` returns is added up; it is given and returns
        tensors of the backend, for which `keras.ops` has operations.
        """
