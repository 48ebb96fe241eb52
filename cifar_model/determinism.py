"""Everything about a machine and its settings that decides the bits of a trial."""

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

import keras

from cifar_model.backends.chosen import backend

# Variables that choose other kernels. `runner` lets only the first one through; the others count
# where a worker is started in another way.
KERNEL_VARIABLES = (
    *("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES"),
    *("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "TF_CUDNN_USE_AUTOTUNE"),
    *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "NVIDIA_TF32_OVERRIDE", "GLIBC_TUNABLES"),
    *("ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"),
)


# The version of what a training step computes and draws; checkpoints of another are not resumed.
TRAINING_STEP = 2


def configure(threads: int) -> None:
    """Make the backend deterministic, with so many threads; they too decide the last bits.

    Raises OtherThreadsError if it has started in this process with another number.
    """
    backend.configure(threads)
    # Not what a keras.json says.
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


def fingerprint() -> str:
    """Return what two machines must share to give the same bits, in words."""
    packages = (*backend.PACKAGES, "keras", "numpy")
    facts = [
        " ".join(f"{name} {version(name)}" for name in packages),
        backend.gpu() or _processor(),
        f"{backend.thread_count()} threads",
        f"training step {TRAINING_STEP}",
    ]
    facts += [f"{name}={os.environ[name]}" for name in KERNEL_VARIABLES if os.environ.get(name)]
    return "; ".join(facts)


def _processor() -> str:
    """Return the processor's name and a hash of its instruction sets, which choose the kernels."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.processor()} {platform.machine()}"
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    instructions = facts.get("flags") or facts.get("Features") or ""
    name = facts.get("model name") or platform.machine()
    return f"{name} {hashlib.sha256(instructions.encode()).hexdigest()[:8]}"
