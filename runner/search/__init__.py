"""Draws the points of an experiment one at a time, with Optuna's samplers."""

from importlib.util import find_spec

from runner.errors import InputError

# Their classes are in `sampling.py`, which imports Optuna: only workers that ask a point need it.
SAMPLERS = ("random", "tpe", "qmc", "cmaes", "nsga2", "gp")

# What `--search` may be: all points are drawn by Talos before, or each by Optuna when it is due.
SEARCHES = ("grid", *SAMPLERS)

__all__ = ["SAMPLERS", "SEARCHES", "check_installed"]


def check_installed(sampler: str) -> None:
    """Raise InputError if a sampler needs a package that is not installed here."""
    if sampler == "gp" and find_spec("torch") is None:
        raise InputError(
            "--search gp needs the package torch, which is not installed",
            "an installation with the extra gp",
            "run `pip install 'cifar-experiment-runner[gp]'`, or use --search tpe",
        )
