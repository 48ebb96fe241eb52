"""The precision that a network computes in; its weights and its outputs are always float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Give the layers that are made meanwhile this precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def give_float32(model: keras.Model) -> None:
    """Let the last layer compute in float32: a softmax in fewer bits does not sum to 1."""
    last = model
    while isinstance(last, keras.Model):
        last = last.layers[-1]
    if last.compute_dtype != "float32":
        last.dtype_policy = "float32"
