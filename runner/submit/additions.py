"""Add points to an experiment that is there: `runner submit tune --into`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cifar_model.data import DatasetSpec, Description
from cifar_model.grid import count_points, given_grid, grid_to_json, sample
from cifar_model.networks.network import Network
from cifar_model.params import ParamValues, rules_of
from cifar_model.spaces.space import Grid, Range
from runner import provenance
from runner.errors import InputError
from runner.search import SEARCHES
from runner.searches import budget_of, constraints_of, is_deterministic, sampler_of
from runner.specs import Configuration
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.tuning.additions import Addition
from runner.submit.experiments import Training, jobs_of, trained_by, unasked_jobs


@dataclass(frozen=True, slots=True)
class MorePoints:
    """Which points an experiment should have; what is None is as it was first submitted.

    No point gets fewer seeds than it had then, whatever `repeats` says.
    """

    downsample: float
    grid: Grid | None
    fixed: ParamValues
    ranges: Mapping[str, Range]
    method: str | None
    repeats: int


def experiment_options(store: Store, experiment_id: int) -> Mapping[str, Any]:
    """Return the options of a tune that all of its submissions share, by name.

    Raises InputError for an experiment to which no points can be added.
    """
    experiment = queries.experiment(store, experiment_id)
    stored = experiment.configuration
    configuration = Configuration(stored)
    sampled = configuration.downsample is not None or sampler_of(stored) is not None
    if experiment.kind != Kind.TUNE or not sampled:
        raise InputError(
            f"experiment {experiment_id} does not train the points of a grid:"
            f" its kind is {experiment.kind}",
            "an experiment of `runner submit tune`",
            "choose another --into; `runner status --all` lists the experiments",
        )
    dataset, network = configuration.dataset, configuration.network
    is_trainer = bool(network and network.get("trainer"))
    name = None if network is None else network["name"]
    return {
        "seed": experiment.seed,
        "dataset": dataset.name,
        "train_size": dataset.train_size,
        "image_size": dataset.image_size,
        "epochs": configuration.epochs,
        "threads": experiment.configuration["threads"],
        "network": None if is_trainer else name,
        "trainer": name if is_trainer else None,
        "backend": experiment.configuration.get("backend"),
        "freeze": experiment.configuration.get("freeze"),
        "stop": experiment.configuration.get("stop"),
        "folds": stored.get("folds"),
        "fresh": stored.get("fresh", False),
        "reduce": stored.get("reduce", {}).get("reducer"),
        "reduce_every": stored.get("reduce", {}).get("interval"),
        "search": sampler_of(stored) or SEARCHES[0],
        "objective": tuple(stored.get("objectives", ())),
        "minimize": tuple(stored.get("minimize", ())),
        "constraint": tuple(each.text for each in constraints_of(stored)),
        **dict(zip(("hours", "epochs_total"), budget_of(stored), strict=True)),
        "deterministic": is_deterministic(stored),
    }


def network_of(store: Store, experiment_id: int) -> Network:
    """Return the network of an experiment, without its code."""
    stored = queries.experiment(store, experiment_id).configuration
    return Network.from_json(stored.get("network"))


def new_addition(store: Store, experiment_id: int, more: MorePoints) -> Addition:
    """Return the points that an experiment should have, checked and not yet stored."""
    experiment = queries.experiment(store, experiment_id)
    stored = experiment.configuration
    training = _training(experiment, more.repeats)
    of_grid = given_grid(stored["grid"]) if more.grid is None else more.grid
    fixed = {name: [value] for name, value in more.fixed.items()}
    grid = {**of_grid, **fixed, **more.ranges}
    method = more.method or stored["method"]
    rows = sample(grid, more.downsample, method, training.seed, training.network)
    trained = trained_by(training, rows)
    if stored["dataset"] is not None:
        for params, _ in trained:
            params.check_shape(stored["dataset"]["shape"])
    sampling = {
        "grid": grid_to_json(grid),
        "downsample": more.downsample,
        "method": method,
        "repeats": training.repeats,
        "points": count_points(grid, rules_of(training.network)),
        "sampled": len(rows),
        "different": len(trained),
    }
    jobs = jobs_of(training, trained, stored["dataset"])
    return Addition(experiment_id, {**stored, **sampling}, provenance.collect(), jobs)


def more_trials(store: Store, experiment_id: int, trials: int) -> Addition:
    """Return trials that a search should have beside those that it has, not yet stored."""
    stored = queries.experiment(store, experiment_id).configuration
    configuration = {**stored, "trials": trials}
    jobs = unasked_jobs(trials, stored)
    return Addition(experiment_id, configuration, provenance.collect(), {}, unasked=jobs)


def _training(experiment: queries.Experiment, repeats: int) -> Training:
    stored = experiment.configuration
    described = Description.from_json(stored["dataset"])
    spec = DatasetSpec(described.name, described.train_size, described.image_size)
    return Training(
        dataset=spec if described else None,
        epochs=stored["epochs"],
        threads=stored["threads"],
        seed=experiment.seed,
        repeats=max(stored.get("repeats", 1), repeats),
        folds=stored.get("folds"),
        network=Network.from_json(stored.get("network")),
    )
