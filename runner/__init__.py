"""The user's side: the Python interface, the command line, the results store and the reports.

What Python users need is here by name, and is imported when it is first used.
"""

from typing import TYPE_CHECKING

from cifar_model.front_door import front_door

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

__getattr__, __dir__ = front_door(__name__, _MODULES)
