"""Turn what a person asks for into an experiment with its jobs, checked before a row is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cifar_model.data import DatasetSpec, load
from cifar_model.errors import InputError
from cifar_model.grid import MAX_TRIALS, Grid, count_points, grid_to_json, sample
from cifar_model.params import Params
from runner import provenance
from runner.failpoints import reached
from runner.settings import Settings
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.experiments import NewExperiment, create

# A seed is a number below this.
SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class Training:
    """What the trials of one experiment have in common; every params is trained `repeats` times."""

    dataset: DatasetSpec
    epochs: int | None
    threads: int
    seed: int
    repeats: int = 1
    key: str | None = None


def submit_train(
    settings: Settings, store: Store, training: Training, params: Mapping[str, Any]
) -> int:
    """Create an experiment of one trial; return its id."""
    Params.from_json(params)
    configuration = _training_configuration(settings, training)
    jobs = _jobs(training, [dict(params)])
    return _create(store, Kind.TRAIN, training.seed, configuration, jobs, training.key)


def submit_tune(
    settings: Settings,
    store: Store,
    training: Training,
    grid: Grid,
    sampling: tuple[float, str],
) -> int:
    """Create an experiment of the points of a grid that Talos samples by (downsample, method)."""
    downsample, method = sampling
    rows = sample(grid, downsample, method, training.seed)
    configuration = _training_configuration(settings, training) | {
        "grid": grid_to_json(grid),
        "downsample": downsample,
        "method": method,
        "points": count_points(grid),
    }
    jobs = _jobs(training, rows)
    return _create(store, Kind.TUNE, training.seed, configuration, jobs, training.key)


def submit_evaluate(
    store: Store, trial_id: int, split: str, seed: int, key: str | None = None
) -> int:
    """Create an experiment that scores one trial on one split; return its id."""
    configuration = _trial_configuration(store, trial_id) | {"split": split}
    return _create(store, Kind.EVALUATE, seed, configuration, [{}], key)


def submit_folds(store: Store, trial_id: int, folds: int, seed: int, key: str | None = None) -> int:
    """Create an experiment that trains a trial's params anew for each fold; return its id."""
    trial = queries.trial(store, trial_id)
    images = trial.dataset["images"]
    most = images["train"] + images["validation"]
    if folds > most:
        raise InputError(
            f"--folds {folds}: there are {most:,} pictures to divide",
            f"a whole number from 2 to {most:,}",
            "correct --folds",
        )
    configuration = _trial_configuration(store, trial_id) | {
        "split": "validation",
        "folds": folds,
        "params": trial.params,
        "epochs": trial.epochs,
        # Only the data differ from fold to fold.
        "seed": trial.seed,
    }
    jobs = [{"fold": fold} for fold in range(1, folds + 1)]
    return _create(store, Kind.EVALUATE, seed, configuration, jobs, key)


# Pictures that one job explains: a minute or two of work.
CHUNK = 50


@dataclass(frozen=True, slots=True)
class Explaining:
    """What of a trial is explained, and how; without a data set, pictures of the trial's own."""

    images: Sequence[int]
    labels: Sequence[str]
    segmentation: str
    samples: int
    activations: bool
    method: str = "lime"
    dataset: DatasetSpec | None = None


def submit_explain(
    settings: Settings,
    store: Store,
    trial_id: int,
    explaining: Explaining,
    seed: int,
    key: str | None = None,
) -> int:
    """Create an experiment that explains a trial's predictions, a job for each chunk of pictures.

    A worker that dies costs one chunk, and several workers share the rest. Returns its id.
    """
    configuration = _trial_configuration(store, trial_id)
    if explaining.dataset is not None:
        configuration |= {"dataset": _other_dataset(settings, explaining.dataset, configuration)}
    dataset = configuration["dataset"]
    _check_images(explaining.images, dataset["images"]["test"])
    _check_labels(explaining.labels, dataset["classes"])
    configuration |= {
        "labels": list(dict.fromkeys(explaining.labels)),
        "method": explaining.method,
        "segmentation": explaining.segmentation,
        "samples": explaining.samples,
        "activations": explaining.activations,
    }
    images = list(explaining.images)
    jobs = [{"images": images[at : at + CHUNK]} for at in range(0, len(images), CHUNK)]
    return _create(store, Kind.EXPLAIN, seed, configuration, jobs, key)


def _create(
    store: Store,
    kind: Kind,
    seed: int,
    configuration: dict[str, Any],
    jobs: list[dict[str, Any]],
    key: str | None,
) -> int:
    new = NewExperiment(kind, seed, configuration, provenance.collect(), jobs, key)
    reached("submit_checked")
    experiment_id = create(store, new)
    reached("submit_saved")
    return experiment_id


def _jobs(training: Training, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a job for every params, or one for each of its seeds, which follow one another."""
    if training.repeats == 1:
        return [{"params": params} for params in rows]
    if len(rows) * training.repeats > MAX_TRIALS:
        raise InputError(
            f"--repeats {training.repeats} makes {len(rows) * training.repeats:,} trials",
            f"at most {MAX_TRIALS:,} in one experiment",
            f"use --repeats {MAX_TRIALS // len(rows)} or less",
        )
    return [
        {"params": params, "seed": (training.seed + repeat) % SEEDS}
        for params in rows
        for repeat in range(training.repeats)
    ]


def _training_configuration(settings: Settings, training: Training) -> dict[str, Any]:
    dataset = load(training.dataset, settings.data_dir)
    return {
        "dataset": training.dataset.to_json() | dataset.to_json(),
        "epochs": training.epochs,
        "repeats": training.repeats,
        "threads": training.threads,
    }


def _trial_configuration(store: Store, trial_id: int) -> dict[str, Any]:
    """Return what a job about a stored trial needs to know of it."""
    trial = queries.trial(store, trial_id)
    return {"trial": trial_id, "dataset": trial.dataset, "threads": trial.threads}


def _other_dataset(
    settings: Settings, spec: DatasetSpec, configuration: Mapping[str, Any]
) -> dict[str, Any]:
    """Return another data set than a trial's own, if the trial's network fits it."""
    own = configuration["dataset"]
    other = spec.to_json() | load(spec, settings.data_dir).to_json()
    for what, field in (("other classes", "classes"), ("pictures of another size", "shape")):
        if other[field] != own[field]:
            raise InputError(
                f"--dataset {spec.name} has {what} than trial {configuration['trial']} was"
                " trained on",
                f"those of {own['title']}: {', '.join(map(str, own[field]))}",
                "choose another --dataset, or leave it out for the trial's own",
            )
    return other


def _check_images(images: Sequence[int], available: int) -> None:
    wrong = [image for image in images if not 0 <= image < available]
    if wrong or not images:
        raise InputError(
            f"--images {','.join(map(str, wrong)) or 'names none'}",
            f"numbers of pictures of the test split, from 0 to {available - 1}",
            "correct --images",
        )


def _check_labels(labels: Sequence[str], classes: Sequence[str]) -> None:
    unknown = [label for label in labels if label not in classes]
    if unknown and list(labels) != ["predicted"]:
        raise InputError(
            f"--labels {','.join(unknown)}: the data set has no such class",
            f"'predicted', or one or more of {', '.join(classes)}",
            "correct --labels",
        )
