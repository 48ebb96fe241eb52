"""Files in the working directory and other tools' variables change nothing that is computed."""

import json
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.acceptance.command_line import SECONDS, TINY, Runner


class Command(Runner):
    """The command as it is installed: `python -m` itself looks into the working directory."""

    def command(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).with_name("runner")), *arguments]


def plant(directory: Path, mark: Path) -> None:
    """Write a file named like each module that can be imported; it leaves a mark if it is."""
    names = {*sys.stdlib_module_names, *packages_distributions(), "celeryconfig", "sitecustomize"}
    # Packages are listed by their name or by what lies in them.
    for name in {name.partition("/")[0] for name in names}:
        text = f"with open({str(mark)!r}, 'a') as mark:\n    mark.write({name!r} + ' ')\n"
        (directory / f"{name}.py").write_text(text)


def foreign_variables(directory: Path) -> dict[str, str]:
    """Return what notebooks, other programs and a CI service set."""
    keras = {"floatx": "float16", "image_data_format": "channels_first", "backend": "jax"}
    (directory / "keras.json").write_text(json.dumps(keras | {"epsilon": 1e-3}))
    return {
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "CELERY_HELP": "1",
        "KERAS_BACKEND": "torch",
        "KERAS_HOME": str(directory),
        "MATPLOTLIBRC": str(directory),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "3",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "PYTHONPATH": str(directory),
        "PYTHONWARNINGS": "error",
        "RUNNER_DEBUG": "1",
        "RUNNER_HELP": "1",
        "RUNNER_VERSION": "2.319.1",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
        "XLA_FLAGS": "--xla_no_such_flag",
    }


def test_files_and_variables_of_others_change_nothing(tmp_path: Path) -> None:
    work, elsewhere, mark = tmp_path / "work", tmp_path / "elsewhere", tmp_path / "mark"
    for directory in (work, elsewhere):
        directory.mkdir()
    home = {"RUNNER_HOME": str(tmp_path / "home")}
    runner = Runner(tmp_path, **home)
    surrounded = Command(work, **home, **foreign_variables(elsewhere))
    plant(work, mark)
    (elsewhere / "numpy.py").write_text((work / "numpy.py").read_text())
    (work / "matplotlibrc").write_text("figure.facecolor: black\n")

    runner("submit", "train", *TINY, "--epochs", "2", "--wait")
    surrounded("--help")
    surrounded("up")
    try:
        surrounded("submit", "train", *TINY, "--epochs", "2", "--wait")
        explain = ["--trial", "2", "--images", "0", "--samples", "50"]
        surrounded("submit", "explain", *explain, "--wait")
    finally:
        surrounded("down")
    surrounded("export", "2", "--out", "bundle")
    plant(work / "bundle", mark)
    inside = Command(work / "bundle", **home, **foreign_variables(elsewhere))
    inside.environment["RUNNER_HOME"] = str(tmp_path / "other")
    imported = inside.start("import", ".")
    assert imported.wait(SECONDS) in (0, 2)  # 2: there are files that belong to no bundle
    surrounded("report", "2", "--format", "html", "--out", "page.html")
    runner("report", "2", "--format", "html", "--out", "page.html")
    assert not mark.exists(), mark.read_text()

    first, second = (runner.json("show", trial) for trial in ("1", "2"))
    assert first["epochs"] != []
    for name in ("val_loss", "loss", "model", "fingerprint"):
        assert first[name] == second[name]
    # The same images, whatever a matplotlibrc says.
    images = [page.read_text().count("data:image") for page in tmp_path.rglob("page.html")]
    assert len(images) == 2
