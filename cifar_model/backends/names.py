"""The names of the backends, for those who import none of them."""

from importlib.util import find_spec

from cifar_model.errors import InputError, nearest, shown

BACKENDS = ("tensorflow", "jax")


def check_backend(where: str, name: str) -> str:
    """Return the name of a backend; raise InputError for one that is not known."""
    if name not in BACKENDS:
        close = nearest(name.lower(), BACKENDS, cutoff=0.4)
        raise InputError(
            f"{where}: there is no backend {shown(name)}",
            f"one of {', '.join(BACKENDS)}",
            f"did you mean {close!r}?" if close else f"correct {where}",
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
