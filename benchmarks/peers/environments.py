"""Make the environment of a peer from its hashed list."""

import subprocess
import sys
import sysconfig
from pathlib import Path

from benchmarks.folders import KEPT

LISTS = Path(__file__).resolve().parent


def python_of(peer: str) -> Path:
    """Return the interpreter of a peer's environment, which is made on first use.

    TensorFlow, Keras and NumPy are those of this environment: what is compared is the rest. A peer
    without a list is installed here.
    """
    listed = LISTS / f"{peer}.txt"
    if not listed.exists():
        return Path(sys.executable)
    home = (KEPT / "peers" / peer).absolute()
    python, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        own = sysconfig.get_paths()["purelib"]
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        (home / "lib" / version / "site-packages" / "shared.pth").write_text(f"{own}\n")
        install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*install, "--only-binary", ":all:", "-r", str(listed)], check=True)
        done.touch()
    return python
