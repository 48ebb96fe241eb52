"""The processor of a machine, and what chooses its kernels: no Keras is needed to tell."""

import os
from functools import cache
from pathlib import Path

# Variables that choose other kernels. `runner` lets only the first one through; the others count
# where a worker is started in another way.
KERNEL_VARIABLES = (
    *("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES"),
    *("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "TF_CUDNN_USE_AUTOTUNE"),
    *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "NVIDIA_TF32_OVERRIDE", "GLIBC_TUNABLES"),
    *("ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"),
)

# In XLA_FLAGS: without it the same seed gives other numbers on a GPU each time.
DETERMINISTIC_OPS = "--xla_gpu_deterministic_ops=true"


def keep_compiled(directory: Path) -> dict[str, str]:
    """Return the variables with which JAX keeps its compiled programs in a directory.

    By default it keeps only those that took a second to compile; most of a process's are smaller.
    """
    return {
        "JAX_COMPILATION_CACHE_DIR": str(directory),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
    }


@cache
def version_of(package: str) -> str | None:
    """Return the version of an installed package; None if it is not here.

    A process keeps the versions that it was started with, and to look one up takes milliseconds.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def kernel_choices() -> list[str]:
    """Return the variables that are set, each with its value."""
    return [f"{name}={os.environ[name]}" for name in KERNEL_VARIABLES if os.environ.get(name)]


@cache
def processor() -> str:
    """Return the processor's name and a hash of its instruction sets, which choose the kernels."""
    import hashlib
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.processor()} {platform.machine()}"
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    instructions = facts.get("flags") or facts.get("Features") or ""
    name = facts.get("model name") or platform.machine()
    return f"{name} {hashlib.sha256(instructions.encode()).hexdigest()[:8]}"
