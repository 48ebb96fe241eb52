"""Turn what a person wants explained into an experiment, checked before a row is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cifar_model.data import DatasetSpec, load
from cifar_model.errors import InputError
from runner.settings import Settings
from runner.states import Kind
from runner.store.engine import Store
from runner.store.experiments import NewExperiment
from runner.submit import new_experiment, save, trial_configuration

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
    return new_experiment(Kind.EXPLAIN, seed, configuration, jobs, key)


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
