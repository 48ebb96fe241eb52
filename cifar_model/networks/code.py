"""Load the function that a network's code defines; only workers that may run such code do this."""

import linecache
import sys
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from types import ModuleType
from typing import Any

from cifar_model.errors import InputError


@lru_cache(maxsize=8)
def load_function(name: str, code: str) -> Callable[..., Any]:
    """Run the text of a file and return the function that NAME, FILE.py:function, names in it.

    Whatever the text raises comes out, with its own lines in the traceback.
    """
    file, _, function = name.rpartition(":")
    digest = sha256(code.encode()).hexdigest()
    module = ModuleType(f"code_{digest[:12]}")
    module.__file__ = file
    # What an installed module imports from its own package is there where the package is.
    module.__package__ = "" if file.endswith(".py") else file.rpartition(".")[0]
    # Data classes and Keras's registry of layers look for the module of a class.
    sys.modules[module.__name__] = module
    # A traceback reads the lines from here: the file need not be on this machine.
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    try:
        exec(compile(code, file, "exec"), module.__dict__)  # noqa: S102 (this is what was asked for)
    except BaseException:
        del sys.modules[module.__name__]
        raise
    found = getattr(module, function, None)
    if not callable(found):
        raise InputError(
            f"{file} does not define the function {function}",
            f"a function named {function} in it",
            "correct the file or the name after the colon",
        )
    loaded: Callable[..., Any] = found
    return loaded
