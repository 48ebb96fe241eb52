"""Everything about a machine and its settings that decides the bits of a trial."""

import keras

from cifar_model.backends.chosen import backend
from cifar_model.machine import kernel_choices, processor, version_of

# The version of what a training step computes and draws; checkpoints of another are not resumed.
TRAINING_STEP = 2


def configure(threads: int) -> None:
    """Make the backend deterministic, with so many threads; they too decide the last bits.

    Raises OtherThreadsError if it has started in this process with another number.
    """
    backend.configure(threads)
    # Not what a keras.json says.
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


def fingerprint() -> str:
    """Return what two machines must share to give the same bits, in words."""
    packages = (*backend.PACKAGES, "keras", "numpy")
    facts = [
        " ".join(f"{name} {version_of(name)}" for name in packages),
        backend.gpu() or processor(),
        f"{backend.thread_count()} threads",
        f"training step {TRAINING_STEP}",
        *(["steps in loops"] if backend.takes_loops() else []),
    ]
    return "; ".join([*facts, *kernel_choices()])
