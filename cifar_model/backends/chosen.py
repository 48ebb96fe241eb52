"""The backend of this process: the one that Keras was imported with."""

import keras

from cifar_model.backends.interface import Backend


def _chosen() -> Backend:
    match keras.backend.backend():
        case "tensorflow":
            from cifar_model.backends import tensorflow

            return tensorflow
        case "jax":
            from cifar_model.backends import jax

            return jax
        case other:
            raise RuntimeError(f"Keras runs on {other}: set KERAS_BACKEND to tensorflow or jax")


backend = _chosen()
