"""What experiments and their jobs were asked to do: typed views of what is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cifar_model.data import Description
from cifar_model.errors import InputError, shown
from cifar_model.explanation.settings import OLD_METHODS, Settings
from cifar_model.params import Params, ParamValues
from runner.states import Kind

UNKNOWN = "unknown version"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an experiment comes from; an imported one may hold more than is named here."""

    stored: Mapping[str, Any]

    @property
    def command(self) -> str:
        """Return the command that submitted it."""
        command: str = self.stored["command"]
        return command

    @property
    def version(self) -> str:
        """Return the version of the code."""
        return self.stored.get("version") or UNKNOWN

    @property
    def commit(self) -> str | None:
        """Return the commit of the code, where it is known."""
        return self.stored.get("commit")

    @property
    def dirty(self) -> bool:
        """Tell whether the code was changed since its commit."""
        return bool(self.stored.get("dirty"))

    @property
    def packages(self) -> Mapping[str, str | None]:
        """Return the versions of the packages that decide results."""
        packages: Mapping[str, str | None] = self.stored.get("packages", {})
        return packages

    def to_json(self) -> Mapping[str, Any]:
        """Return it as plain JSON."""
        return self.stored


@dataclass(frozen=True, slots=True)
class Configuration:
    """What all jobs of an experiment have in common; what its kind does not have is None."""

    stored: Mapping[str, Any]

    @property
    def dataset(self) -> Description:
        """Return the data set."""
        return Description.from_json(self.stored["dataset"])

    @property
    def epochs(self) -> int | None:
        """Return the epochs that override the params, in stores of earlier versions."""
        return self.stored.get("epochs")

    @property
    def downsample(self) -> float | None:
        """Return the share of the grid that was sampled."""
        return self.stored.get("downsample")

    @property
    def method(self) -> str | None:
        """Return how a grid was sampled, or how images are explained."""
        method = self.stored.get("method")
        return None if method is None else method_of(method)

    @property
    def sampled(self) -> int | None:
        """Return how many points of a grid were sampled."""
        return self.stored.get("sampled")

    @property
    def different(self) -> int | None:
        """Return how many of these are different."""
        return self.stored.get("different")

    @property
    def trial(self) -> int | None:
        """Return the trial that is evaluated or explained."""
        return self.stored.get("trial")

    @property
    def folds(self) -> int | None:
        """Return into how many folds the images are divided."""
        return self.stored.get("folds")

    @property
    def labels(self) -> list[str] | None:
        """Return the names of the classes that are explained, or the word `predicted`."""
        return self.stored.get("labels")

    @property
    def segmentation(self) -> str | None:
        """Return how images are divided into superpixels."""
        return self.stored.get("segmentation")

    @property
    def samples(self) -> int | None:
        """Return how many samples the explanation of an image takes."""
        return self.stored.get("samples")

    @property
    def asked_images(self) -> str | None:
        """Return what `--images` said; earlier versions did not store it."""
        return self.stored.get("asked_images")

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without the data set, which stands on its own."""
        return {name: value for name, value in self.stored.items() if name != "dataset"}


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """Train params as a trial; `own_seed` tells whether the seed is the job's, not all jobs'."""

    dataset: Description
    threads: int
    params: ParamValues
    seed: int
    own_seed: bool


@dataclass(frozen=True, slots=True)
class FoldSpec:
    """Train a trial's params anew without one fold, and score them and the trial on it."""

    dataset: Description
    threads: int
    trial: int
    split: str
    params: ParamValues
    seed: int
    fold: int
    folds: int


@dataclass(frozen=True, slots=True)
class EvaluateSpec:
    """Score a trial on a split; to verify it, by the rule of its training and by Keras's own."""

    dataset: Description
    threads: int
    trial: int
    split: str
    verify: bool


@dataclass(frozen=True, slots=True)
class ExplainSpec:
    """Explain a trial's predictions for some images; `labels` may be the word `predicted`."""

    dataset: Description
    threads: int
    trial: int
    images: list[int]
    labels: list[str]
    settings: Settings
    activations: bool


JobSpec = TrainSpec | FoldSpec | EvaluateSpec | ExplainSpec


def job_spec(kind: Kind, seed: int, configuration: Mapping[str, Any]) -> JobSpec:
    """Return what a job is to do, by what `job_configuration` says and its experiment's seed.

    Raises InputError if that is no configuration of a job of this kind.
    """
    stored = _Stored(kind, configuration)
    dataset, threads = stored.description(), stored.take("threads", int)
    match kind:
        case Kind.TRAIN | Kind.TUNE:
            return TrainSpec(
                dataset,
                threads,
                params=stored.take("params", dict),
                seed=stored.seed(seed),
                own_seed="seed" in configuration,
            )
        case Kind.EVALUATE if "fold" in configuration:
            return FoldSpec(
                dataset,
                threads,
                trial=stored.take("trial", int),
                split=stored.take("split", str),
                params=stored.take("params", dict),
                seed=stored.seed(seed),
                fold=stored.take("fold", int),
                folds=stored.take("folds", int),
            )
        case Kind.EVALUATE:
            return EvaluateSpec(
                dataset,
                threads,
                trial=stored.take("trial", int),
                split=stored.take("split", str),
                verify=bool(configuration.get("verify")),
            )
        case Kind.EXPLAIN:
            return ExplainSpec(
                dataset,
                threads,
                trial=stored.take("trial", int),
                images=stored.take("images", list),
                labels=stored.take("labels", list),
                settings=Settings(
                    segmentation=stored.take("segmentation", str),
                    samples=stored.take("samples", int),
                    seed=seed,
                    method=stored.take("method", str),
                ),
                activations=stored.take("activations", bool),
            )


def method_of(stored: str) -> str:
    """Return the present name of a method of explanation."""
    return OLD_METHODS.get(stored, stored)


def job_configuration(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that is stored of a job: its own configuration over its experiment's.

    Its params are those that are trained. What is wrong with it is for `job_spec` to say.
    """
    merged = {**common, **own}
    if isinstance(params := merged.get("params"), dict):
        merged["params"] = trained_params(params, merged.get("epochs"))
    if isinstance(method := merged.get("method"), str):
        merged["method"] = method_of(method)
    return merged


def trained_params(params: ParamValues, epochs: int | None) -> dict[str, Any]:
    """Return params with the epochs that are trained, unless they say so themselves.

    In stores of earlier versions a job's params are those of the grid, and the epochs of the
    experiment override theirs: whoever reads params goes through here.
    """
    own = params.get("epochs", Params().epochs)
    return dict(params) if epochs in (None, own) else {**params, "epochs": epochs}


def trial_seed(kind: Kind, seed: int, configuration: Mapping[str, Any]) -> int:
    """Return the seed that a job trains with: its own if it has one, else its experiment's."""
    return _Stored(kind, configuration).seed(seed)


@dataclass(frozen=True, slots=True)
class _Stored:
    """The configuration of a job of some kind, and how to take from it what must be there."""

    kind: Kind
    configuration: Mapping[str, Any]

    def take(self, name: str, of: type[T]) -> T:
        value = self.configuration.get(name)
        if not isinstance(value, of):
            raise self._refusal(name)
        return value

    def seed(self, of_experiment: int) -> int:
        return self.take("seed", int) if "seed" in self.configuration else of_experiment

    def description(self) -> Description:
        try:
            return Description.from_json(self.take("dataset", dict))
        except (KeyError, TypeError) as error:
            raise self._refusal("dataset") from error

    def _refusal(self, name: str) -> InputError:
        given = name in self.configuration
        has = f"has {name}={shown(self.configuration[name])}" if given else f"has no {name}"
        return InputError(
            f"the stored configuration of this {self.kind} job {has}",
            f"one that `runner submit {self.kind}` writes",
            f"submit it again with `runner submit {self.kind}`",
        )
