"""The user's side: the Python interface, the command line, the results store and the reports.

What Python users need is here by name, and is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.api.client import Client, open  # noqa: A004 (as in `runner.open()`)
    from runner.api.experiment import Experiment, JobsFailedError
    from runner.api.trial import Trial
    from runner.errors import InputError, UnavailableError

__all__ = [
    "Client",
    "Experiment",
    "InputError",
    "JobsFailedError",
    "Trial",
    "UnavailableError",
    "open",
]

_MODULES = {
    "Client": "api.client",
    "Experiment": "api.experiment",
    "InputError": "errors",
    "JobsFailedError": "api.experiment",
    "Trial": "api.trial",
    "UnavailableError": "errors",
    "open": "api.client",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
