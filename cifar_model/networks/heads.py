"""What a network puts out: probabilities of a softmax or of sigmoids, or logits."""

from enum import StrEnum

import keras


class Head(StrEnum):
    """The kind of a network's last layer."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    LOGITS = "logits"


def head_of(model: keras.Model) -> Head:
    """Return the kind of the last layer; one that is neither softmax nor sigmoid gives logits."""
    activation = _last_activation(model)
    return Head(activation) if activation in (Head.SOFTMAX, Head.SIGMOID) else Head.LOGITS


def _last_activation(model: keras.Model) -> str:
    last = _last(model)
    if isinstance(last, keras.Model):
        return _last_activation(last)
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    activation = getattr(last, "activation", None)
    # An operation such as keras.ops.softmax(x) is called as its class.
    name = type(last).__name__ if activation is None else getattr(activation, "__name__", "")
    return str(name).lower()


def _last(model: keras.Model) -> object:
    """Return the layer or the operation that the output of a model comes from."""
    if isinstance(model, keras.Sequential):
        return model.layers[-1]
    return model.outputs[0]._keras_history.operation  # noqa: SLF001 (Keras has no other way)
