"""Turn what a person wants explained into an experiment, checked before a row is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from cifar_model.data import Dataset, DatasetSpec, load
from cifar_model.errors import InputError
from runner.settings import Settings
from runner.states import Kind
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment
from runner.store.queries.predictions import Predictions, newest_predictions
from runner.submit.experiments import new_experiment, save, trial_configuration
from runner.submit.image_choice import Pool, check_numbers, choose_images

# Images that one job explains: a minute or two of work.
CHUNK = 50


@dataclass(frozen=True, slots=True)
class Explaining:
    """What of a trial is explained, and how; without a data set, images of the trial's own.

    `images` are numbers, or a text that chooses them, as `--images` has it.
    """

    images: Sequence[int] | str
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
    """Create an experiment that explains a trial's predictions, a job for each chunk of images.

    A worker that dies costs one chunk, and several workers share the rest. Returns its id.
    """
    return save(store, new_explain(settings, store, trial_id, explaining, seed, key))


def new_explain(
    settings: Settings,
    store: Store,
    trial_id: int,
    explaining: Explaining,
    seed: int,
    key: str | None = None,
) -> NewExperiment:
    """Return an experiment that explains a trial's predictions, checked and not yet stored."""
    configuration = trial_configuration(store, trial_id)
    other = None
    if explaining.dataset is not None:
        other = load(explaining.dataset, settings.data_dir)
        configuration |= {"dataset": _other_dataset(explaining.dataset, other, configuration)}
    dataset = configuration["dataset"]
    images = _images(settings, store, configuration, explaining.images, (seed, other))
    _check_labels(explaining.labels, dataset["classes"])
    configuration |= {
        "labels": list(dict.fromkeys(explaining.labels)),
        "method": explaining.method,
        "segmentation": explaining.segmentation,
        "samples": explaining.samples,
        "activations": explaining.activations,
        "asked_images": explaining.images if isinstance(explaining.images, str) else None,
    }
    jobs = [{"images": images[at : at + CHUNK]} for at in range(0, len(images), CHUNK)]
    return new_experiment(Kind.EXPLAIN, seed, configuration, jobs, key)


def _other_dataset(
    spec: DatasetSpec, loaded: Dataset, configuration: Mapping[str, Any]
) -> dict[str, Any]:
    """Return another data set than a trial's own, if the trial's network fits it."""
    own = configuration["dataset"]
    other = spec.to_json() | loaded.to_json()
    for what, field in (("other classes", "classes"), ("images of another size", "shape")):
        if other[field] != own[field]:
            raise InputError(
                f"--dataset {spec.name} has {what} than trial {configuration['trial']} was"
                " trained on",
                f"those of {own['title']}: {', '.join(map(str, own[field]))}",
                "choose another --dataset, or leave it out for the trial's own",
            )
    return other


def _images(
    settings: Settings,
    store: Store,
    configuration: Mapping[str, Any],
    asked: Sequence[int] | str,
    seed_and_other: tuple[int, Dataset | None],
) -> list[int]:
    """Return the numbers of the images that are asked for, checked."""
    dataset, trial = configuration["dataset"], configuration["trial"]
    seed, other = seed_and_other
    images = dataset["images"]["test"]

    def predictions(part: str) -> Predictions:
        return _predictions(store, trial, part, of_another=other is not None)

    def labels() -> NDArray[Any]:
        if other is not None:
            return other.test.labels
        return _own_labels(settings, store, trial, dataset)

    if isinstance(asked, str):
        return choose_images(asked, Pool(images, dataset["classes"], seed, labels, predictions))
    check_numbers(asked, images)
    return list(asked)


def _predictions(store: Store, trial: int, part: str, *, of_another: bool) -> Predictions:
    """Return what a trial predicted for its test split."""
    if of_another:
        raise InputError(
            f"--images {part} with --dataset: evaluations are of the trial's own test split",
            "numbers, ranges, random:N or class:NAME",
            "leave out --dataset, or choose otherwise",
        )
    found = newest_predictions(store, trial, "test")
    if found is None:
        raise InputError(
            f"--images {part}: trial {trial} has not been evaluated on the test split",
            "an evaluation, which stores what the trial predicts for every image",
            f"runner submit evaluate --trial {trial} --wait",
        )
    return found


def _own_labels(
    settings: Settings, store: Store, trial: int, dataset: Mapping[str, Any]
) -> NDArray[Any]:
    """Return the true classes of a trial's test split: from an evaluation, or by reading it."""
    evaluated = newest_predictions(store, trial, "test")
    if evaluated is not None:
        return evaluated.labels
    loaded = load(DatasetSpec.from_json(dataset), settings.data_dir)
    if loaded.fingerprint != dataset["fingerprint"]:
        raise InputError(
            f"{loaded.name} has the fingerprint {loaded.fingerprint[:12]}",
            f"the images that trial {trial} was trained on, {dataset['fingerprint'][:12]}",
            f"restore them, or run: runner submit evaluate --trial {trial} --wait",
        )
    return loaded.test.labels


def _check_labels(labels: Sequence[str], classes: Sequence[str]) -> None:
    unknown = [label for label in labels if label not in classes]
    if unknown and list(labels) != ["predicted"]:
        known = ", ".join(name.replace(",", "\\,") for name in classes)
        raise InputError(
            f"--labels {','.join(unknown)}: the data set has no such class",
            f"'predicted', or one or more of {known}",
            "correct --labels",
        )
