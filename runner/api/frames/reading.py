"""Read the frame that is asked for; a home without a store has its columns and no row."""

from collections.abc import Callable, Mapping

import pandas as pd

from runner.api.frames import experiments, results, trials
from runner.api.frames.table import Types, frame_of_rows
from runner.api.selection import Chosen, Where, scope_of
from runner.store.engine import Store
from runner.store.queries.leaderboard import Scope

Read = Callable[[Store, Scope], pd.DataFrame]

FRAMES: Mapping[str, tuple[Types, Read]] = {
    "experiments": (experiments.TYPES, experiments.experiments_frame),
    "trials": (trials.TYPES, trials.trials_frame),
    "epochs": (trials.EPOCH_TYPES, trials.epochs_frame),
    "evaluations": (results.EVALUATION_TYPES, results.evaluations_frame),
    "predictions": (results.PREDICTION_TYPES, results.predictions_frame),
    "explanations": (results.EXPLANATION_TYPES, results.explanations_frame),
}


def read(store: Store | None, what: str, experiment: Chosen, where: Where) -> pd.DataFrame:
    """Return a frame; raise InputError for an experiment or a column that does not exist."""
    types, rows = FRAMES[what]
    scope = scope_of(store, experiment, where)
    return frame_of_rows([], types) if store is None else rows(store, scope)
