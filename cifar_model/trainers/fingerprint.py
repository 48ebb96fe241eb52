"""What two machines must share to give the same bits of a trainer, of which only it knows all."""

import platform
from importlib.metadata import PackageNotFoundError, version

from cifar_model.machine import kernel_choices, processor

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "tensorflow", "keras", "jax", "flax")


def fingerprint() -> str:
    """Return the versions of Python and of the libraries that are here, and the processor."""
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return "; ".join([" ".join(found), processor(), *kernel_choices()])
