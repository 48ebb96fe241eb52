"""Optuna's Wilcoxon pruner over folds: whether a point is behind the best one on the same folds."""

import warnings
from collections.abc import Mapping, Sequence
from statistics import fmean

# Four folds that are all behind are the fewest that the pruner's test finds significant (its
# threshold is 0.1), so with fewer folds than this nothing is left to be stopped.
FEWEST_FOLDS = 5

# The values of a point by fold.
Folds = Mapping[int, float]


def load() -> None:
    """Import what `is_behind` needs, which takes seconds the first time."""
    import optuna.pruners  # noqa: F401
    import scipy.stats  # noqa: F401 (Optuna imports it when it is first used)


def is_behind(own: Folds, complete: Sequence[Folds], *, smaller_is_better: bool) -> bool:
    """Return whether Optuna prunes a point with these values, given the points with all folds.

    `complete` are in the order in which they were completed: of equal means the first is the best.
    """
    import optuna

    directions = optuna.study.StudyDirection
    direction = directions.MINIMIZE if smaller_is_better else directions.MAXIMIZE
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(direction=direction)
        for folds in complete:
            study.add_trial(
                optuna.create_trial(
                    value=fmean(folds.values()), intermediate_values=dict(sorted(folds.items()))
                )
            )
        asked = optuna.create_trial(
            state=optuna.trial.TrialState.RUNNING,
            intermediate_values=dict(sorted(own.items())),
        )
        with warnings.catch_warnings():
            # Its interface may change; the version of Optuna is fixed.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            pruner = optuna.pruners.WilcoxonPruner()
        return pruner.prune(study, asked)
    finally:
        optuna.logging.set_verbosity(verbosity)
