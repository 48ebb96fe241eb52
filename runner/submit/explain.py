"""Turn what a person wants explained into an experiment, checked before a row is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from cifar_model.data import Dataset, DatasetSpec, Description, shape_text
from cifar_model.errors import InputError
from runner.datasets.decoded import load_once
from runner.datasets.described import read
from runner.settings import Settings
from runner.states import Kind
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment
from runner.store.queries.predictions import Predictions, newest_predictions
from runner.submit.experiments import check_images, new_experiment, trial_configuration
from runner.submit.image_choice import Pool, check_numbers, choose_images
from runner.submit.life import life_configuration

# The methods that need a model's gradients.
GRADIENTS = ("gradcam", "integrated_gradients", "smoothgrad")

# Images of 32x32 that one job explains: a minute or two of work. Larger ones take longer, but a
# report draws those of the first job only.
CHUNK, SMALLEST_CHUNK = 50, 10


@dataclass(frozen=True, slots=True)
class Explaining:
    """What of a trial is explained, and how; without a data set, images of the trial's own.

    `images` are numbers, or a text that chooses them, as `--images` has it. `epochs_of_life` are
    epochs whose explanations are compared with those of the last; None makes no comparison.
    """

    images: Sequence[int] | str
    labels: Sequence[str]
    segmentation: str
    samples: int | str
    activations: bool
    method: str = "lime"
    dataset: DatasetSpec | None = None
    epochs_of_life: Sequence[int] | None = None


def new_explain(
    settings: Settings,
    store: Store,
    trial_id: int,
    explaining: Explaining,
    seed: int,
    key: str | None = None,
) -> NewExperiment:
    """Return an experiment that explains a trial's predictions, checked and not yet stored.

    It has a job for each chunk of images: a worker that dies costs one, and several workers share
    them. Earlier epochs have jobs of their own, in order after those of the last.
    """
    trial = queries.trial(store, trial_id)
    configuration = trial_configuration(trial)
    if explaining.epochs_of_life is not None:
        configuration |= life_configuration(trial, explaining.epochs_of_life)
    other = None
    if explaining.dataset is not None:
        other = read(explaining.dataset, settings.data_dir)
        configuration["dataset"] = explaining.dataset.to_json() | other.to_json()
    check_images(trial, configuration["dataset"], "choose images with --dataset")
    check_readable(trial, explaining)
    dataset = Description.from_json(configuration["dataset"])
    if explaining.dataset is not None and trial.dataset is not None:
        _check_fit(explaining.dataset.name, dataset, trial)
    images = _chosen(_Images(settings, store, trial, dataset, other), explaining.images, seed)
    _check_labels(explaining.labels, dataset.classes)
    configuration |= {
        "labels": list(dict.fromkeys(explaining.labels)),
        "method": explaining.method,
        "segmentation": explaining.segmentation,
        "samples": explaining.samples,
        "activations": explaining.activations,
        "asked_images": explaining.images if isinstance(explaining.images, str) else None,
    }
    size = _chunk(*dataset.shape[:2])
    last = [{"images": images[at : at + size]} for at in range(0, len(images), size)]
    earlier = configuration.get("epochs_of_life", [])
    jobs = [*last, *(job | {"epoch": epoch} for epoch in earlier for job in last)]
    return new_experiment(Kind.EXPLAIN, seed, configuration, jobs, key)


def check_readable(trial: queries.Trial, explaining: Explaining) -> None:
    """Raise InputError for what needs a Keras model, if the trial is known to have none."""
    asked = [f"--method {explaining.method}"] if explaining.method in GRADIENTS else []
    asked += ["--activations"] if explaining.activations else []
    if asked and trial.predictor is not None and not trial.predictor.get("keras"):
        raise InputError(
            f"{' and '.join(asked)}: the model of trial {trial.id} is not a Keras model",
            "a Keras model, whose gradients and layers can be read",
            "use --method lime or occlusion, without --activations",
        )


def _chunk(height: int, width: int) -> int:
    """Return how many images of a size one job explains."""
    return max(SMALLEST_CHUNK, min(CHUNK, CHUNK * 32 * 32 // (height * width)))


def _check_fit(name: str, other: Description, trial: queries.Trial) -> None:
    """Raise InputError if a trial's network does not fit another data set than its own."""
    own = Description.from_json(trial.dataset)
    choose = "choose another --dataset, or omit it to use the trial's own"
    height, width, channels = own.shape
    resize = height == width and channels == other.shape[2]
    for what, found, expected, shown, fix in (
        ("other classes", other.classes, own.classes, ", ".join(own.classes), choose),
        (
            f"images of another size ({shape_text(other.shape)})",
            other.shape,
            own.shape,
            shape_text(own.shape),
            f"give --image-size {height}" if resize else choose,
        ),
    ):
        if found != expected:
            raise InputError(
                f"--dataset {name} has {what} than trial {trial.id} was trained on",
                f"those of {own.title}: {shown}",
                fix,
            )


@dataclass(frozen=True, slots=True)
class _Images:
    """The test split that is chosen from: of `other`, or of the trial's own data set."""

    settings: Settings
    store: Store
    trial: queries.Trial
    dataset: Description
    other: Dataset | None

    def predictions(self, part: str) -> Predictions:
        """Return what the trial predicted for them."""
        if self.other is not None:
            raise InputError(
                f"--images {part} with --dataset: evaluations cover only the trial's own test"
                " split",
                "numbers, ranges, random:N or class:NAME",
                "omit --dataset, or select the images in another way",
            )
        found = newest_predictions(self.store, self.trial.id, "test")
        if found is None:
            raise InputError(
                f"--images {part}: trial {self.trial.id} has not been evaluated on the test split",
                "an evaluation, which stores what the trial predicts for every image",
                f"run: runner submit evaluate --trial {self.trial.id} --wait",
            )
        return found

    def labels(self) -> NDArray[Any]:
        """Return their true classes: from an evaluation if there is one, or by reading them."""
        if self.other is not None:
            return self.other.test.labels
        evaluated = newest_predictions(self.store, self.trial.id, "test")
        if evaluated is not None:
            return evaluated.labels
        spec = DatasetSpec.from_json(self.trial.dataset or {})
        loaded = load_once(spec, self.dataset.fingerprint, self.settings.data_dir)
        if loaded.fingerprint != self.dataset.fingerprint:
            raise InputError(
                f"the images of {loaded.name} have changed: their fingerprint is"
                f" {loaded.fingerprint[:12]}",
                f"the images that trial {self.trial.id} was trained on,"
                f" {self.dataset.fingerprint[:12]}",
                f"restore them, or run: runner submit evaluate --trial {self.trial.id} --wait",
            )
        return loaded.test.labels


def _chosen(images: _Images, asked: Sequence[int] | str, seed: int) -> list[int]:
    """Return the numbers of the images that are asked for, checked."""
    dataset = images.dataset
    count = dataset.images.test
    if isinstance(asked, str):
        pool = Pool(count, dataset.classes, seed, images.labels, images.predictions)
        return choose_images(asked, pool)
    check_numbers(asked, count)
    return list(asked)


def _check_labels(labels: Sequence[str], classes: Sequence[str]) -> None:
    unknown = [label for label in labels if label not in classes]
    if unknown and list(labels) != ["predicted"]:
        known = ", ".join(name.replace(",", "\\,") for name in classes)
        raise InputError(
            f"--labels {','.join(unknown)}: the data set has no such class",
            f"'predicted', or one or more of {known}",
            "correct --labels",
        )
