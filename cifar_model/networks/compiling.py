"""Compile a network for training, or keep what its function has compiled."""

import keras

from cifar_model.backends.chosen import backend
from cifar_model.errors import InputError
from cifar_model.networks.heads import Head, head_of
from cifar_model.networks.optimizers import optimizer_of
from cifar_model.params import Params, Training

# What training takes from a compiled model instead.
COMPILED = (
    *("optimizer", "lr", "losses", "momentum", "nesterov", "weight_decay", "label_smoothing"),
    *("schedule", "warmup", "ema"),
)


def compile_for(model: keras.Model, params: Params, steps: int) -> None:
    """Compile a model as params say for so many steps, or with what it was compiled with already.

    Raises InputError for a parameter that was given and would then have no effect.
    """
    if not model.compiled:
        optimizer = optimizer_of(params.training, steps)
        loss = _loss(model, params.training)
    else:
        _check_effect(params)
        optimizer, loss = model.optimizer, _one_hot(model.loss)
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile=backend.XLA,
    )


def _loss(model: keras.Model, training: Training) -> keras.losses.Loss:
    is_logits = head_of(model) == Head.LOGITS
    if training.losses == "categorical_crossentropy":
        return keras.losses.CategoricalCrossentropy(
            from_logits=is_logits, label_smoothing=training.label_smoothing
        )
    if is_logits:
        raise InputError(
            f"the network puts out logits, and losses={training.losses} is not for them",
            "a last layer with the activation softmax or sigmoid, or the cross-entropy",
            "end the network with a softmax, or use losses=categorical_crossentropy",
        )
    if training.losses == "normalised_crossentropy":
        # With these two values it is the plain cross-entropy of the outputs divided by their sum.
        # CategoricalCrossentropy takes the logits of a sigmoid instead, if TensorFlow computes.
        return keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=0.0, label_smoothing=training.label_smoothing
        )
    return keras.losses.LogCosh()


def _check_effect(params: Params) -> None:
    taken = dict(params.architecture)
    idle = [name for name in COMPILED if name in params.given and name not in taken]
    if idle:
        raise InputError(
            f"{', '.join(idle)} has no effect: the function {params.network.name} returns a "
            "compiled model, whose optimizer and loss are kept",
            "a function that takes it as an argument, or returns a model that is not compiled",
            f"omit {', '.join(idle)}, or change the function",
        )


def _one_hot(given: object) -> keras.losses.Loss:
    """Return the loss of a compiled model as one of labels that are one-hot, as ours are."""
    loss = _as_object(given)
    if isinstance(loss, keras.losses.SparseCategoricalCrossentropy):
        config = loss.get_config()
        return keras.losses.CategoricalCrossentropy(from_logits=config["from_logits"])
    if isinstance(loss, keras.losses.Loss):
        return loss
    raise InputError(
        f"the model is compiled with the loss {given!r}",
        "one loss of Keras, by its name or as an object, or a function of labels and outputs",
        "correct `compile`, or leave it out",
    )


def _as_object(given: object) -> object:
    """Return a loss that is given by name or as a function as an object of the class it has."""
    found = keras.losses.get(given) if isinstance(given, str) else given
    if not callable(found) or isinstance(found, keras.losses.Loss):
        return found
    plain = getattr(found, "__name__", "").replace("_", "").lower()
    for name, each in vars(keras.losses).items():
        if name.lower() == plain and isinstance(each, type):
            return each()
    return _Function(found)


class _Function(keras.losses.Loss):  # type: ignore[misc]
    """A loss that a user wrote as a function of labels and outputs."""

    def __init__(self, function: object) -> None:
        super().__init__(name=getattr(function, "__name__", "loss"))
        self._function = function

    def call(self, y_true: object, y_pred: object) -> object:
        return self._function(y_true, y_pred)  # type: ignore[operator]
