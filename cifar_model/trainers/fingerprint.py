"""What two machines must share to give the same bits of a trainer, of which only it knows all."""

import platform

from cifar_model.machine import kernel_choices, processor, version_of

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "tensorflow", "keras", "jax", "flax")


def fingerprint() -> str:
    """Return the versions of Python and of the libraries that are here, and the processor."""
    found = [f"Python {platform.python_version()}"]
    found += [f"{name} {version}" for name in PACKAGES if (version := version_of(name))]
    return "; ".join([" ".join(found), processor(), *kernel_choices()])
