"""How a network is trained: the parameters of that, their rules and what has no effect together."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, fields

from cifar_model.errors import InputError
from cifar_model.rules import ParamValue, Rule, choice, flag, integer, number

OPTIMIZERS = ("adam", "adamw", "nadam", "sgd", "rmsprop", "lion")
# Those of labels and probabilities; the second takes the outputs divided by their sum.
CROSS_ENTROPIES = ("categorical_crossentropy", "normalised_crossentropy")
LOSSES = (*CROSS_ENTROPIES, "logcosh")
SCHEDULES = ("constant", "cosine", "one_cycle")
AUGMENTATIONS = ("none", "paper", "crop_flip", "cutout", "mixup")
PRECISIONS = ("float32", "bfloat16")

MOST_EPOCHS = 100_000


@dataclass(frozen=True, slots=True)
class Training:
    """How a network is trained; the defaults are those of the paper's untuned model.

    The names `lr` and `losses` are those of the paper's grid. `warmup` is a share of all steps;
    a `patience` or an `ema` of 0 means none.
    """

    lr: float = 0.001
    batch_size: int = 32
    epochs: int = 10
    optimizer: str = "adam"
    losses: str = "categorical_crossentropy"
    augmentation: str = "none"
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    schedule: str = "constant"
    warmup: float = 0.0
    patience: int = 0
    ema: float = 0.0
    precision: str = "float32"

    @property
    def has_constant_lr(self) -> bool:
        """Return whether every step has the same learning rate."""
        return self.schedule == "constant" and not self.warmup


TRAINING_RULES: Mapping[str, Rule] = {
    "lr": number(1e-8, 10),
    "batch_size": integer(1, 65536),
    "epochs": integer(1, MOST_EPOCHS),
    "optimizer": choice(OPTIMIZERS),
    "losses": choice(LOSSES),
    "augmentation": choice(AUGMENTATIONS),
    "momentum": number(0, 1),
    "nesterov": flag,
    "weight_decay": number(0, 10),
    "label_smoothing": number(0, 1),
    "schedule": choice(SCHEDULES),
    "warmup": number(0, 1),
    "patience": integer(0, MOST_EPOCHS),
    "ema": number(0, 1),
    "precision": choice(PRECISIONS),
}
assert list(TRAINING_RULES) == [field.name for field in fields(Training)]  # noqa: S101 (a slip of ours)

# What a value sets for another parameter that is not given: Keras's own default of AdamW, and the
# share of the steps in which a one-cycle schedule rises, as PyTorch has it.
IMPLIED: Mapping[tuple[str, str], tuple[str, ParamValue]] = {
    ("optimizer", "adamw"): ("weight_decay", 0.004),
    ("schedule", "one_cycle"): ("warmup", 0.3),
}

# Params of earlier versions that have another name now, and what their values are called.
FORMER_RULES: dict[str, Rule] = {"augment": flag}
FORMER_NAMES = {"augment": ("augmentation", {True: "paper", False: "none"})}


def check_combination(training: Training, own: Container[str]) -> None:
    """Raise InputError for a parameter that has no effect beside the others.

    Those that the network takes as its `own` have one there.
    """
    for name, has_effect, needed in (
        ("momentum", training.optimizer in ("sgd", "rmsprop"), "optimizer=sgd or rmsprop"),
        ("nesterov", training.optimizer == "sgd", "optimizer=sgd"),
        ("nesterov", training.momentum > 0, "a momentum above 0"),
        (
            "label_smoothing",
            training.losses in CROSS_ENTROPIES,
            f"losses={' or '.join(CROSS_ENTROPIES)}",
        ),
    ):
        value = getattr(training, name)
        if value and not has_effect and name not in own:
            raise InputError(
                f"{name}={str(value).lower()} has no effect with {_others(training, name)}",
                f"{name} together with {needed}",
                f"omit {name}, or set {needed}",
            )
    if training.schedule == "one_cycle" and not training.warmup:
        raise InputError(
            "schedule=one_cycle with warmup=0 never rises",
            "a warmup above 0, such as 0.3",
            "omit warmup, or set schedule=cosine",
        )


def _others(training: Training, name: str) -> str:
    if name == "label_smoothing":
        return f"losses={training.losses}"
    if name == "nesterov" and training.optimizer == "sgd":
        return f"momentum={training.momentum:g}"
    return f"optimizer={training.optimizer}"
