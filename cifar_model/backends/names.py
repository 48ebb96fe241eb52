"""The names of the backends, for those who import none of them."""

from importlib.util import find_spec

from cifar_model.errors import InputError, guess, shown

BACKENDS = ("tensorflow", "jax")


def check_backend(where: str, name: str) -> str:
    """Return the name of a backend; raise InputError for one that is not known."""
    if name not in BACKENDS:
        raise InputError(
            f"{where}: there is no backend {shown(name)}",
            f"one of {', '.join(BACKENDS)}",
            guess(name.lower(), BACKENDS, f"correct {where}", cutoff=0.4),
        )
    return name


def check_installed(where: str, name: str) -> str:
    """Return the name of a backend; raise InputError for one that is not installed here."""
    if find_spec(check_backend(where, name)) is None:
        raise InputError(
            f"{where}: the backend {name} is not installed",
            "a backend that is installed on this machine",
            f"install it: `pip install {name}`, for GPUs `pip install '{name}[cuda]'`, "
            "or use the other backend",
        )
    return name
