"""How a worker imports TensorFlow: after Triton, in half the time, and without its advice."""

import gc
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

# Said before TensorFlow reads how much it is to say, so that no variable silences it.
NOISE = re.compile(
    rb"before absl::InitializeLog\(\)|Could not find cuda drivers|cuInit|oneDNN custom operations"
)

# Of Keras, what no training needs: it imports scikit-learn and Matplotlib, which takes a second.
LATER = ("keras.wrappers", "keras.visualization", "keras.src.visualization")

# TensorFlow Lite imports JAX to convert its functions, and Keras imports pandas to train on data
# frames, if they are installed. That takes another second, and networks here get NumPy arrays.
UNUSED = ("jax", "pandas")


def import_triton() -> None:
    """Import Triton, which comes with PyTorch for Linux, if it is installed.

    A process that imports it after TensorFlow ends with SIGSEGV (PyTorch 2.14, TensorFlow 2.21).
    """
    with suppress(ImportError):
        __import__("triton")


def import_tensorflow() -> None:
    """Import TensorFlow once; what else is written to stderr meanwhile is written after it."""
    if "tensorflow" in sys.modules:
        return
    with tempfile.TemporaryFile() as said, _without_garbage_collection(), _only_what_is_needed():
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            __import__("tensorflow")
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            said.seek(0)
            for line in said:
                if not NOISE.search(line):
                    os.write(2, line)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Let Python not look for garbage: to import makes millions of objects, and they stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Nor does it look through them later.
        gc.freeze()
        if was_on:
            gc.enable()


class _OnlyWhatIsNeeded(MetaPathFinder):
    """Load some modules when they are first used, with Python's LazyLoader; hide unused ones."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module is loaded later; None for every other.

        Raises ModuleNotFoundError for an unused package, as if it were not installed.
        """
        if fullname in UNUSED:
            raise ModuleNotFoundError(f"{fullname} is not imported with TensorFlow", name=fullname)
        spec = PathFinder.find_spec(fullname, path, target) if fullname in LATER else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def _only_what_is_needed() -> Iterator[None]:
    finder = _OnlyWhatIsNeeded()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
