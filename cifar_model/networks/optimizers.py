"""Optimizers and learning-rate schedules: Keras's own, by their names."""

from typing import Any

import keras

from cifar_model.training_params import Training

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "nadam": keras.optimizers.Nadam,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "lion": keras.optimizers.Lion,
}

# A one-cycle schedule starts at this share of its highest learning rate, as PyTorch's does.
ONE_CYCLE_START = 1 / 25


def optimizer_of(training: Training, steps: int) -> keras.optimizers.Optimizer:
    """Return the optimizer for so many steps in all."""
    name = training.optimizer
    options: dict[str, Any] = {}
    if name in ("sgd", "rmsprop"):
        options["momentum"] = training.momentum
    if name == "sgd":
        options["nesterov"] = training.nesterov
    if training.ema:
        options |= {"use_ema": True, "ema_momentum": training.ema}
    # None, and not zero, is what computes nothing; AdamW takes only numbers.
    decay = training.weight_decay if training.weight_decay or name == "adamw" else None
    rate = _learning_rate(training, steps)
    return OPTIMIZERS[name](learning_rate=rate, weight_decay=decay, **options)


def _learning_rate(
    training: Training, steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate, or how it rises in a share of the steps and what it does then."""
    if training.has_constant_lr:
        return training.lr
    warmup = round(training.warmup * steps)
    rest = max(1, steps - warmup)
    # The share of the learning rate that is left at the end.
    alpha = 1.0 if training.schedule == "constant" else 0.0
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(training.lr, rest, alpha=alpha)
    start = training.lr * ONE_CYCLE_START if training.schedule == "one_cycle" else 0.0
    return keras.optimizers.schedules.CosineDecay(
        start, rest, alpha=alpha, warmup_target=training.lr, warmup_steps=warmup
    )
