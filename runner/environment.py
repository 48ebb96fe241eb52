"""The environment of our processes: what other tools have set changes neither numbers nor reports.

Every variable that is not named here is dropped, so that one that a later version of TensorFlow or
Celery reads is dropped too.
"""

import os
import re
import sys
from collections.abc import Mapping

from cifar_model.machine import DETERMINISTIC_OPS
from runner.processes import python_command

# Left as they are; docs/settings.md lists them.
PASSED_ON = re.compile(
    # Our own settings, and those of the PostgreSQL client.
    r"RUNNER_\w+|PG[A-Z]+|KRB5\w+|_RUNNER_COMPLETE|COMP_WORDS|COMP_CWORD"
    # The person, the machine and the terminal.
    r"|PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|XDG_\w+|MPLCONFIGDIR"
    r"|TERM|COLORTERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|BROWSER|DISPLAY|WAYLAND_DISPLAY"
    # The way to other hosts.
    r"|SSL_CERT_FILE|SSL_CERT_DIR|(?i:(https?|all|no)_proxy)"
    # Without them libraries or devices are not found, or crash on a processor they do not know.
    r"|LD_\w+|DYLD_\w+|CUDA_VISIBLE_DEVICES|CUDA_DEVICE_ORDER|NVIDIA_VISIBLE_DEVICES"
    r"|NVIDIA_DRIVER_CAPABILITIES|OPENBLAS_CORETYPE"
    # What of Python changes no result.
    r"|PYTHON(UNBUFFERED|DONTWRITEBYTECODE|PYCACHEPREFIX|UTF8|IOENCODING|FAULTHANDLER|SAFEPATH"
    r"|NOUSERSITE)"
)

SET_BY_US = {
    "KERAS_BACKEND": "tensorflow",
    # No directory, so no keras.json: its float type and image format would change every number.
    "KERAS_HOME": os.devnull,
    "MPLBACKEND": "agg",
    # Otherwise the number of cores would decide the last bits of a sum.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # TensorFlow uses oneDNN by itself on some processors only; it is faster on all of x86-64.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # A process takes the device memory that it needs, not all there is.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}


def environment_for_children(given: Mapping[str, str] | None = None, **more: str) -> dict[str, str]:
    """Return the environment of a process that this one starts."""
    given = os.environ if given is None else given
    kept = {name: value for name, value in given.items() if PASSED_ON.fullmatch(name)}
    keras = given.get("KERAS_HOME")
    if keras and keras != SET_BY_US["KERAS_HOME"]:
        # The data sets that Keras has downloaded are found there all the same.
        kept.setdefault("RUNNER_KERAS_HOME", keras)
    return kept | SET_BY_US | _of_backend(kept | more) | more


def _of_backend(kept: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the backend that RUNNER_BACKEND names."""
    if kept.get("RUNNER_BACKEND") != "jax":
        return {}
    flags = {} if kept.get("RUNNER_DETERMINISTIC") == "0" else {"XLA_FLAGS": DETERMINISTIC_OPS}
    # As for TensorFlow: not all of the device's memory.
    return {"KERAS_BACKEND": "jax", "XLA_PYTHON_CLIENT_PREALLOCATE": "false", **flags}


def settle(module: str) -> None:
    """Give this process the environment that its children get.

    What Python itself has read from the old one, such as PYTHONPATH or PYTHONWARNINGS, cannot be
    taken back: then `python -m module` takes the place of this process.
    """
    environment = environment_for_children()
    dropped = [name for name, value in os.environ.items() if value and name not in environment]
    if any(name.startswith("PYTHON") for name in dropped):
        os.execve(sys.executable, python_command(module, *sys.argv[1:]), environment)  # noqa: S606
    settle_in_place()


def settle_in_place() -> None:
    """Give this process that environment, for what it has not imported yet."""
    environment = environment_for_children()
    os.environ.clear()
    os.environ.update(environment)
