"""The frames of trials and of their epochs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cifar_model.data import Description
from cifar_model.objective import METRICS, STOPPED, is_smaller_better, objective
from cifar_model.params import DEFAULTS, ParamValues
from runner.api.frames.table import frame, type_of, types_of
from runner.needs import can_be_evaluated
from runner.reports.records import Epoch, RankedTrial
from runner.reports.selection import VALIDATION_SHARES
from runner.reports.stats.ranking import PARAMS, better, effective
from runner.reports.stats.repeats import repeated
from runner.reports.stats.selection_bias import Chance, pooled
from runner.reports.stats.uncertainty import known_interval
from runner.specs import Configuration, code_of, is_trainer, network_name, trained_params
from runner.store.engine import Store
from runner.store.queries import frames
from runner.store.queries.frames import Columns
from runner.store.queries.leaderboard import Scope

# Of the data set, as the trials of a leaderboard have them.
DATASET = {
    "dataset": "category",
    "data_fingerprint": "category",
    "train_images": "int64",
    "val_images": "int64",
}
TRIAL = types_of(RankedTrial, without=("params", "epochs", "metrics"))
TYPES = {
    **TRIAL,
    **{f"params.{name}": type_of(name, type(DEFAULTS[name]), nullable=True) for name in PARAMS},
    **DATASET,
}
# What a trial has of its epochs.
OF_EPOCHS = ("job", "epoch", *METRICS, "fingerprint")
EPOCH_TYPES = {"experiment": "int64", "job": "int64", "number": "int64", "trial": "Int64"}
EPOCH_TYPES |= types_of(Epoch, without=("metrics",))


class Scored(NamedTuple):
    """A trial that has a score, with what its repeats are found by."""

    row: int
    trial: int
    number: int
    params: ParamValues
    network: str
    trainer: bool
    seed: int
    objective: str
    value: float
    # Beside `value` there are none.
    metrics: Mapping[str, float] = {}
    # A fold has no rank.
    fold: None = None


def epochs_frame(store: Store, scope: Scope) -> pd.DataFrame:
    """Return one row for each epoch."""
    with store.read() as connection:
        columns = frames.epoch_columns(connection, scope)
    others = _others(columns["metrics"])
    return frame({**columns, **others}, EPOCH_TYPES | dict.fromkeys(others, "float64"))


def trials_frame(store: Store, scope: Scope) -> pd.DataFrame:
    """Return one row for each job that trains; its scores are missing until it has a trial."""
    with store.read() as connection:
        stored = frames.trial_columns(connection, scope)
        epochs = frames.epoch_columns(connection, scope, OF_EPOCHS)
        configurations = frames.configurations(connection, scope.experiments)
    params = [
        trained_params(own, None if ended_by == STOPPED else epochs)
        for own, epochs, ended_by in zip(
            stored["stored_params"], stored["stored_epochs"], stored["ended_by"], strict=True
        )
    ]
    networks = [network_name(network) for network in stored["stored_network"]]
    columns: dict[str, Any] = {**stored, **_from_epochs(stored["job"], epochs)}
    trainers = [is_trainer(each) for each in stored["stored_network"]]
    columns |= {"network": networks, "code": [code_of(each) for each in stored["stored_network"]]}
    columns |= {"trainer": trainers}
    own = _params(params, networks, trainers)
    columns |= own
    others = _others(stored["metrics"])
    columns |= others
    datasets = _datasets(stored["experiment"], configurations)
    columns |= _of_datasets(datasets)
    trained = zip(stored["trial"], datasets, strict=True)
    models = (
        [None if trial is None else dataset for trial, dataset in trained],
        stored["stored_network"],
        stored["predictor"],
    )
    columns |= {"predicts": list(map(can_be_evaluated, *models))}
    columns |= _intervals(stored["val_accuracy"], columns["val_images"])
    scored = _scored({**stored, "network": networks, "trainer": trainers}, params)
    columns |= _selection(scored, columns["val_images"], len(params))
    more = {name: _type_of(values) for name, values in own.items() if name not in TYPES}
    return frame(columns, TYPES | more | dict.fromkeys(others, "float64"))


def _others(metrics: Sequence[Mapping[str, float] | None]) -> dict[str, list[float | None]]:
    """Return a column for each metric that has none of its own: `metrics.f1`."""
    names = sorted({name for row in metrics for name in row or {}})
    return {f"metrics.{name}": [(row or {}).get(name) for row in metrics] for name in names}


def _params(
    params: Sequence[ParamValues], networks: Sequence[str], trainers: Sequence[bool]
) -> dict[str, list[Any]]:
    """Return a column for each param, with the default where it was not given and there is one."""
    given = [effective(*each) for each in zip(params, networks, trainers, strict=True)]
    names = dict.fromkeys((*PARAMS, *(name for own in params for name in own)))
    return {f"params.{name}": [own.get(name) for own in given] for name in names}


def _type_of(values: Sequence[Any]) -> str:
    """Return the type of the column of a parameter of a user's network."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int}:
        return "Int64"
    return "float64" if kinds <= {int, float} else "boolean" if kinds == {bool} else "object"


def _datasets(
    experiments: Sequence[int], configurations: Mapping[int, Mapping[str, Any]]
) -> list[Description]:
    """Return the data set of each row, given the experiment of each."""
    known: dict[int, Description] = {}
    for number in dict.fromkeys(experiments):
        known[number] = Configuration(configurations[number]).dataset
    return [known[number] for number in experiments]


def _of_datasets(found: Sequence[Description]) -> dict[str, list[Any]]:
    return {
        "dataset": [dataset.title for dataset in found],
        "data_fingerprint": [dataset.fingerprint for dataset in found],
        "train_images": [dataset.images.train for dataset in found],
        "val_images": [dataset.images.validation for dataset in found],
    }


def _from_epochs(jobs: Sequence[int], epochs: Columns) -> dict[str, Any]:
    """Return what follows from the epochs of each job: their number, machines and best values."""
    job = np.array(epochs["job"], np.int64)
    # The epochs of a job follow one another, as the jobs do.
    starts = np.flatnonzero(np.diff(job, prepend=-1))
    counts = np.diff(starts, append=len(job))
    row_of = {number: row for row, number in enumerate(jobs)}
    rows = np.array([row_of[number] for number in job[starts].tolist()], np.int64)
    trained = np.zeros(len(jobs), np.int64)
    trained[rows] = counts
    found: dict[str, Any] = {
        "trained_epochs": trained,
        "fingerprints": _fingerprints(epochs["fingerprint"], starts, rows, len(jobs)),
    }
    epoch = np.array(epochs["epoch"], np.int64)
    for name in METRICS:
        # What was not reported is NaN here.
        values = np.array(epochs[name], np.float64)
        at = _best(values, starts, counts, np.fmin if better(name) is min else np.fmax)
        numbers, missing = np.zeros(len(jobs), np.int64), np.ones(len(jobs), np.bool_)
        numbers[rows], missing[rows] = epoch[at], np.isnan(values[at])
        found[f"best.{name}.epoch"] = pd.arrays.IntegerArray(numbers, missing)
        best = np.full(len(jobs), np.nan)
        best[rows] = values[at]
        found[f"best.{name}.value"] = best
    return found


def _best(
    values: NDArray[np.float64], starts: NDArray[np.int64], counts: NDArray[np.int64], better: Any
) -> NDArray[np.int64]:
    """Return where the first best value of each group is."""
    if not len(starts):
        return starts
    best = np.repeat(better.reduceat(values, starts), counts)
    are_best = np.flatnonzero((values == best) | np.isnan(best))
    group = np.repeat(np.arange(len(starts)), counts)[are_best]
    first: NDArray[np.int64] = are_best[np.unique(group, return_index=True)[1]]
    return first


def _fingerprints(
    named: Sequence[str], starts: NDArray[np.int64], rows: NDArray[np.int64], count: int
) -> list[list[str]]:
    """Return the machines that trained each job, each once."""
    ends = [*starts.tolist(), len(named)][1:]
    epochs = zip(rows.tolist(), starts.tolist(), ends, strict=True)
    found = {row: list(dict.fromkeys(named[start:end])) for row, start, end in epochs}
    return [found.get(row) or [] for row in range(count)]


def _intervals(accuracies: Sequence[float | None], images: Sequence[int]) -> dict[str, list[Any]]:
    low: list[float | None] = []
    high: list[float | None] = []
    for accuracy, count in zip(accuracies, images, strict=True):
        bounds = known_interval(accuracy, count) or (None, None)
        low.append(bounds[0])
        high.append(bounds[1])
    return {"val_accuracy_interval.low": low, "val_accuracy_interval.high": high}


def _scored(stored: Columns, params: Sequence[ParamValues]) -> dict[int, list[Scored]]:
    """Return the trials of each experiment by rank, by the metric that ranks most of them."""
    metrics: dict[int, set[str]] = {}
    for experiment, of_trial in zip(stored["experiment"], stored["objective"], strict=True):
        metrics.setdefault(experiment, set()).update({of_trial} - {None})
    by = {experiment: objective(names) for experiment, names in metrics.items()}
    found: dict[int, list[Scored]] = {}
    names = ("experiment", "trial", "number", "network", "trainer", "seed", "metrics", *METRICS)
    for row, values in enumerate(zip(*(stored[name] for name in names), strict=True)):
        experiment, trial, number, network, trainer, seed, others, *own = values
        metric = by[experiment]
        value = (dict(zip(METRICS, own, strict=True)) | (others or {})).get(metric)
        if value is not None and stored["fold"][row] is None:
            scored = Scored(row, trial, number, params[row], network, trainer, seed, metric, value)
            found.setdefault(experiment, []).append(scored)
    for experiment, trials in found.items():
        sign = 1 if is_smaller_better(by[experiment]) else -1
        trials.sort(key=lambda trial: (sign * trial.value, trial.number))
    return found


def _selection(
    scored: Mapping[int, Sequence[Scored]], images: Sequence[int], count: int
) -> dict[str, list[Any]]:
    """Return the rank of each trial, and whether it is not significantly worse than the best."""
    ranks: list[int | None] = [None] * count
    noise: list[bool | None] = [None] * count
    for trials in scored.values():
        first = trials[0]
        # Trials of one seed are no repeats of one another.
        several = len({trial.seed for trial in trials}) > 1
        smallest_first = is_smaller_better(first.objective)
        repeats = repeated(trials, "value", smallest_first=smallest_first) if several else []
        chance = Chance(len(trials), pooled(repeats))
        is_share = first.objective in VALIDATION_SHARES and images[first.row]
        places: dict[float, int] = {}
        verdicts: dict[float, bool] = {}
        for place, trial in enumerate(trials, start=1):
            ranks[trial.row] = places.setdefault(trial.value, place)
            if trial is first or not is_share:
                continue
            if trial.value not in verdicts:
                size = images[trial.row]
                verdicts[trial.value] = chance.is_noise(first.value, trial.value, size)
            noise[trial.row] = verdicts[trial.value]
    return {"rank": ranks, "noise": noise}
