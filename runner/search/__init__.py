"""Draws the points of an experiment one at a time, with Optuna's samplers."""

# Their classes are in `sampling.py`, which imports Optuna: only workers that ask a point need it.
SAMPLERS = ("random", "tpe", "qmc", "cmaes", "nsga2")

# What `--search` may be: all points are drawn by Talos before, or each by Optuna when it is due.
SEARCHES = ("grid", *SAMPLERS)

__all__ = ["SAMPLERS", "SEARCHES"]
