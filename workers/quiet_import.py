"""How a worker imports TensorFlow: after Triton, and without advice on drivers and oneDNN."""

import os
import re
import sys
import tempfile
from contextlib import suppress

# Said before TensorFlow reads how much it is to say, so that no variable silences it.
NOISE = re.compile(
    rb"before absl::InitializeLog\(\)|Could not find cuda drivers|cuInit|oneDNN custom operations"
)


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
    with tempfile.TemporaryFile() as said:
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
