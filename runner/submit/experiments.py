"""Turn what a person asks for into an experiment with its jobs, checked before a row is written."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from cifar_model.backends.names import BACKENDS
from cifar_model.data import DatasetSpec, Description
from cifar_model.data.description import stored_fold
from cifar_model.errors import InputError
from cifar_model.grid import MAX_TRIALS, count_points, grid_to_json, sample
from cifar_model.networks.network import PAPER, Network
from cifar_model.params import ParamValues, rules_of, seed_after
from cifar_model.spaces.space import Grid
from runner import provenance
from runner.datasets.described import describe
from runner.failpoints import failpoint
from runner.needs import predicts, require_network
from runner.settings import Settings
from runner.specs import network_name
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment, create
from runner.store.lifecycle.tuning.additions import Added, Addition, add
from runner.submit import points
from runner.submit.points import Jobs, Rows, Trained, Variant


@dataclass(frozen=True, slots=True)
class Initial:
    """Weights to start from, by their path in the network, and what they are of."""

    source: Mapping[str, Any]
    weights: bytes

    def to_json(self) -> dict[str, Any]:
        """Return what a configuration says of them; `weights` names the artifact."""
        return {**self.source, "weights": sha256(self.weights).hexdigest()}


@dataclass(frozen=True, slots=True)
class Training:
    """What the trials of one experiment have in common; every params is trained `repeats` times.

    `epochs` overrides the params. With `folds`, each is trained once without each of so many folds.
    """

    dataset: DatasetSpec | None
    epochs: int | None
    threads: int
    seed: int
    repeats: int = 1
    folds: int | None = None
    key: str | None = None
    # What the data set is, if it has been read already: large ones take long to read.
    described: Mapping[str, Any] | None = None
    initial: Initial | None = None
    freeze: str | None = None
    network: Network = PAPER
    backend: str = BACKENDS[0]
    stop: str | None = None
    # Train also what an equal job has trained.
    fresh: bool = False


def new_train(settings: Settings, training: Training, params: ParamValues) -> NewExperiment:
    """Return an experiment of one trial, checked and not yet stored."""
    trained = trained_by(training, [params])
    configuration = training_configuration(settings, training, trained)
    return _new(Kind.TRAIN, training, configuration, trained)


def new_tune(
    settings: Settings, training: Training, grid: Grid, sampling: tuple[float, str]
) -> NewExperiment:
    """Return an experiment of the sampled points of a grid, checked and not yet stored."""
    downsample, method = sampling
    rows = sample(grid, downsample, method, training.seed, training.network)
    trained = trained_by(training, rows)
    configuration = training_configuration(settings, training, trained) | {
        "grid": grid_to_json(grid),
        "downsample": downsample,
        "method": method,
        "points": count_points(grid, rules_of(training.network)),
        "sampled": len(rows),
        "different": len(trained),
    }
    return _new(Kind.TUNE, training, configuration, trained)


def _new(
    kind: Kind,
    training: Training,
    configuration: dict[str, Any],
    trained: Trained,
) -> NewExperiment:
    jobs = jobs_of(training, trained, configuration["dataset"])
    new = new_trainings(kind, training, configuration, jobs.values())
    return replace(new, points=jobs)


def new_trainings(
    kind: Kind,
    training: Training,
    configuration: dict[str, Any],
    jobs: Collection[dict[str, Any]],
) -> NewExperiment:
    """Return an experiment of jobs that train, with the code and the weights that they need."""
    new = new_experiment(kind, training.seed, configuration, jobs, training.key)
    initial = None if training.initial is None else training.initial.weights
    return replace(new, code=training.network.code, initial=initial)


def new_evaluate(
    store: Store, trial_id: int, split: str, seed: int, key: str | None = None
) -> NewExperiment:
    """Return an experiment that scores one trial on one split, not yet stored."""
    trial = queries.trial(store, trial_id)
    configuration = trial_configuration(trial) | {"split": split}
    check_images(trial, trial.dataset, "train it again with --dataset")
    return new_experiment(Kind.EVALUATE, seed, configuration, [{}], key)


def submit_verify(store: Store, trial_id: int) -> int:
    """Create an experiment that scores a trial as it was, and by Keras's own `evaluate`."""
    trial = queries.trial(store, trial_id)
    require_network(trial.id, trial.network, "verified")
    about = trial_configuration(trial)
    configuration = about | {"split": "validation", "verify": True}
    return save(store, new_experiment(Kind.EVALUATE, 0, configuration, [{}], None))


def new_folds(
    store: Store, trial_id: int, folds: int, seed: int, key: str | None = None
) -> NewExperiment:
    """Return an experiment of the folds of a trial's params, checked and not yet stored."""
    trial = queries.trial(store, trial_id)
    require_network(trial.id, trial.network, "trained again for --folds")
    dataset = Description.from_json(trial.dataset)
    if dataset.fold is not None:
        raise InputError(
            f"trial {trial.id} was trained without fold {dataset.fold} of {dataset.folds}",
            "a trial of the train split",
            "`runner report` has the mean over the folds of its params; to divide the images"
            " again, train them with `runner submit train`",
        )
    check_folds(folds, dataset)
    configuration = trial_configuration(trial) | {
        "split": "validation",
        "folds": folds,
        "params": trial.params,
        **start_entries(trial.init, trial.freeze),
        # Only the data differ from fold to fold.
        "seed": trial.seed,
    }
    jobs = [{"fold": fold} for fold in range(1, folds + 1)]
    return new_experiment(Kind.EVALUATE, seed, configuration, jobs, key)


def check_folds(folds: int, dataset: Description) -> None:
    """Raise InputError if there are fewer images than folds."""
    most = dataset.images.train + dataset.images.validation
    if folds > most:
        raise InputError(
            f"--folds {folds}: there are {most:,} images to split",
            f"a whole number from 2 to {most:,}",
            "correct --folds",
        )


def new_experiment(
    kind: Kind,
    seed: int,
    configuration: dict[str, Any],
    jobs: Collection[dict[str, Any]],
    key: str | None,
) -> NewExperiment:
    """Return an experiment of these jobs, with where it comes from."""
    return NewExperiment(kind, seed, configuration, provenance.collect(), jobs, key)


@dataclass(frozen=True, slots=True)
class Saved:
    """The experiment that was made, or to which jobs were added."""

    experiment: int
    added: Added | None = None


def save_submission(store: Store, new: NewExperiment | Addition) -> Saved:
    """Store what was checked: an experiment, or more of one."""
    if isinstance(new, Addition):
        return Saved(new.experiment, add(store, new))
    return Saved(save(store, new))


def save(store: Store, new: NewExperiment) -> int:
    """Store an experiment that was checked; return its id."""
    failpoint("submit_checked")
    experiment_id = create(store, new)
    failpoint("submit_saved")
    return experiment_id


def trained_by(training: Training, rows: Rows) -> Trained:
    """Return the params that are trained, of equal ones the first.

    Raises InputError for the first that is not valid.
    """
    return points.trained_by(rows, training.epochs, training.network, training.seed)


def jobs_of(training: Training, trained: Trained, dataset: Mapping[str, Any] | None) -> Jobs:
    """Return a job for every params, by the digest of its point.

    With several seeds or folds there is one for each of them.
    """
    for option, several in (("--repeats", training.repeats), ("--folds", training.folds or 1)):
        if several > 1 and len(trained) * several > MAX_TRIALS:
            raise InputError(
                f"{option} {several} makes {len(trained) * several:,} trials",
                f"at most {MAX_TRIALS:,} in one experiment",
                f"use {option} {MAX_TRIALS // len(trained)} or less",
            )
    return points.jobs_of(trained, list(_variants(training, dataset)))


def _variants(training: Training, dataset: Mapping[str, Any] | None) -> Iterator[Variant]:
    for repeat in range(training.repeats):
        seed = seed_after(training.seed, repeat)
        own = {} if training.repeats == 1 else {"seed": seed}
        if training.folds is None or dataset is None:
            yield Variant(seed, None, own)
            continue
        for fold in range(1, training.folds + 1):
            of_fold = {"dataset": stored_fold(dataset, fold, training.folds)}
            yield Variant(seed, fold, own | of_fold)


def unasked_jobs(points: int, configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of so many points of a search, which have no params yet."""
    dataset, folds = configuration["dataset"], configuration.get("folds")
    if folds is None or dataset is None:
        return [{} for _ in range(points)]
    if points * folds > MAX_TRIALS:
        raise InputError(
            f"--trials {points:,} with --folds {folds} makes {points * folds:,} trials",
            f"at most {MAX_TRIALS:,} in one experiment",
            f"use --trials {MAX_TRIALS // folds} or less",
        )
    of_folds = [{"dataset": stored_fold(dataset, fold, folds)} for fold in range(1, folds + 1)]
    return of_folds * points


def training_configuration(
    settings: Settings, training: Training, trained: Trained
) -> dict[str, Any]:
    """Return what the jobs of an experiment have in common; the data set must fit all params."""
    dataset = None
    if training.dataset is not None:
        described = training.described or describe(training.dataset, settings.data_dir)
        for params, _ in trained:
            params.check_shape(described["shape"])
        dataset = training.dataset.to_json() | dict(described)
    return {
        "dataset": dataset,
        "epochs": training.epochs,
        "repeats": training.repeats,
        "threads": training.threads,
        **_network(None if training.network == PAPER else training.network.to_json()),
        **start_entries(
            None if training.initial is None else training.initial.to_json(), training.freeze
        ),
        **_backend(training.backend),
        **({} if training.stop is None else {"stop": training.stop}),
        **({} if training.folds is None else {"folds": training.folds}),
        **({"fresh": True} if training.fresh else {}),
    }


def _network(stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the entry of a configuration; the paper's network has none, as before others came."""
    return {} if stored is None else {"network": dict(stored)}


def start_entries(init: Mapping[str, Any] | None, freeze: str | None) -> dict[str, Any]:
    """Return what a configuration says of the start of its trials; most have nothing of that."""
    given = {"init": init and dict(init), "freeze": freeze}
    return {name: value for name, value in given.items() if value is not None}


def _backend(name: str | None) -> dict[str, Any]:
    """Return the entry of a configuration; TensorFlow has none, as before JAX came."""
    return {} if name in (None, BACKENDS[0]) else {"backend": name}


def trial_configuration(trial: queries.Trial) -> dict[str, Any]:
    """Return what a job about a stored trial needs to know of it.

    Raises InputError for the trial of a trainer that left no model.
    """
    if not predicts(trial.network, trial.predictor):
        cause = (trial.predictor or {}).get("missing") or "an earlier version kept no model"
        raise InputError(
            f"trial {trial.id} of the trainer {network_name(trial.network)} has no model that"
            f" predicts: {cause}",
            "a trainer that returns an object with predict(images) -> probabilities",
            "return the model from the trainer and train again; see docs/trainers.md",
        )
    about = {"trial": trial.id, "dataset": trial.dataset, "threads": trial.threads}
    return about | _network(trial.network) | _backend(trial.backend)


def check_images(trial: queries.Trial, dataset: Mapping[str, Any] | None, fix: str) -> None:
    """Raise InputError if there are no images about which a trial could be asked."""
    if dataset is None:
        raise InputError(
            f"trial {trial.id} was trained without a data set",
            "images that its model can be asked about",
            fix,
        )
