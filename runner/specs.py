"""Typed views of the stored configurations and provenance of experiments and jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cifar_model.data import Description, stored_image_size
from cifar_model.errors import InputError, shown
from cifar_model.explanation.settings import AUTO, DEFAULT_SAMPLES, OLD_METHODS, Settings
from cifar_model.networks.network import PAPER
from cifar_model.params import ParamValues, Training
from runner.states import Kind

UNKNOWN = "unknown version"
DEFAULT_EPOCHS = Training().epochs

T = TypeVar("T")


def network_name(stored: Mapping[str, Any] | None) -> str:
    """Return the name of a network as it is stored; None is the paper's."""
    return PAPER.name if stored is None else str(stored["name"])


def is_trainer(stored: Mapping[str, Any] | None) -> bool:
    """Return whether a network as it is stored is a training loop of the user's."""
    return stored is not None and bool(stored.get("trainer"))


def code_of(stored: Mapping[str, Any] | None) -> str | None:
    """Return the SHA-256 of a network's code, if a user wrote it."""
    return None if stored is None else stored["code"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The provenance of an experiment. That of an imported one may have more fields than these."""

    stored: Mapping[str, Any]

    @property
    def command(self) -> str:
        """Return the command that submitted the experiment."""
        return str(self.stored["command"])

    @property
    def version(self) -> str:
        """Return the version of the code."""
        return self.stored.get("version") or UNKNOWN

    @property
    def commit(self) -> str | None:
        """Return the commit of the code, if known."""
        return self.stored.get("commit")

    @property
    def dirty(self) -> bool:
        """Return whether the code had uncommitted changes."""
        return bool(self.stored.get("dirty"))

    @property
    def packages(self) -> Mapping[str, str | None]:
        """Return the versions of the packages that affect results."""
        return dict(self.stored.get("packages", {}))

    def to_json(self) -> Mapping[str, Any]:
        """Return it as plain JSON."""
        return self.stored


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings shared by all jobs of an experiment; those not used by its kind are None."""

    stored: Mapping[str, Any]

    @property
    def dataset(self) -> Description:
        """Return the data set."""
        return Description.from_json(self.stored["dataset"])

    @property
    def network(self) -> Mapping[str, Any] | None:
        """Return the network as it is stored; None is the paper's."""
        return self.stored.get("network")

    def takes(self, param: str) -> bool:
        """Return whether a network has a parameter; only those of the paper's are asked for."""
        return self.network is None or param in self.network["parameters"]

    @property
    def epochs(self) -> int | None:
        """Return the epochs that override those of the params; only earlier versions stored it."""
        return self.stored.get("epochs")

    @property
    def downsample(self) -> float | None:
        """Return the share of the grid that was sampled."""
        return self.stored.get("downsample")

    @property
    def method(self) -> str | None:
        """Return the sampling method of a grid, or the explanation method."""
        method = self.stored.get("method")
        return None if method is None else method_of(method)

    @property
    def sampled(self) -> int | None:
        """Return the number of sampled points of a grid."""
        return self.stored.get("sampled")

    @property
    def different(self) -> int | None:
        """Return the number of distinct sampled points."""
        return self.stored.get("different")

    @property
    def trial(self) -> int | None:
        """Return the trial that is evaluated or explained."""
        return self.stored.get("trial")

    @property
    def folds(self) -> int | None:
        """Return the number of folds."""
        return self.stored.get("folds")

    @property
    def labels(self) -> list[str] | None:
        """Return the names of the classes that are explained, or the word `predicted`."""
        return self.stored.get("labels")

    @property
    def segmentation(self) -> str | None:
        """Return the segmentation method."""
        return self.stored.get("segmentation")

    @property
    def samples(self) -> int | None:
        """Return the number of samples per explained image; None if each has its own."""
        return None if self.stored.get("samples") == AUTO else self.stored.get("samples")

    @property
    def epochs_of_life(self) -> list[int] | None:
        """Return the epochs before the last that are explained too; None if that was not asked."""
        return self.stored.get("epochs_of_life")

    @property
    def asked_images(self) -> str | None:
        """Return the value of `--images`; earlier versions did not store it."""
        return self.stored.get("asked_images")

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON without the data set, which is a separate field of documents."""
        return {name: value for name, value in self.stored.items() if name != "dataset"}


@dataclass(frozen=True, slots=True)
class StartSpec:
    """What a training starts from: an artifact with weights; a pattern of layers to freeze."""

    weights: str | None = None
    freeze: str | None = None


FROM_SCRATCH = StartSpec()


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """Train a trial; `own_seed` is whether the seed is the job's own, not the experiment's."""

    dataset: Description
    threads: int
    params: ParamValues
    seed: int
    own_seed: bool
    start: StartSpec = FROM_SCRATCH
    network: Mapping[str, Any] | None = None

    @property
    def is_trainer(self) -> bool:
        """Return whether `network` is a training loop of the user's."""
        return is_trainer(self.network)


@dataclass(frozen=True, slots=True)
class FoldSpec:
    """Train a trial's params again without one fold, and score both models on that fold."""

    dataset: Description
    threads: int
    trial: int
    split: str
    params: ParamValues
    seed: int
    fold: int
    folds: int
    start: StartSpec = FROM_SCRATCH
    network: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EvaluateSpec:
    """Score a trial on a split; to verify it, by its own loss rule and by Keras's `evaluate`."""

    dataset: Description
    threads: int
    trial: int
    split: str
    verify: bool


@dataclass(frozen=True, slots=True)
class EarlierEpoch:
    """An epoch of a trial before its last, and what it takes to train the trial again to it."""

    epoch: int
    training: TrainSpec


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
    # None is the trial as it ended.
    earlier: EarlierEpoch | None = None


JobSpec = TrainSpec | FoldSpec | EvaluateSpec | ExplainSpec


def job_spec(kind: Kind, seed: int, configuration: Mapping[str, Any]) -> JobSpec:
    """Return the specification of a job, from its `job_configuration` and its experiment's seed.

    Raises InputError if the configuration is not valid for a job of this kind.
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
                start=stored.start(),
                network=stored.network(),
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
                start=stored.start(),
                network=stored.network(),
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
                settings=stored.settings(seed),
                activations=stored.take("activations", bool),
                earlier=stored.earlier(),
            )


def method_of(stored: str) -> str:
    """Return the present name of a method of explanation."""
    return OLD_METHODS.get(stored, stored)


def renamed(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored configuration in the present names of its method and its data set's size."""
    found = dict(configuration)
    if isinstance(method := found.get("method"), str):
        found["method"] = method_of(method)
    if isinstance(dataset := found.get("dataset"), dict) and "resize" in dataset:
        plain = {name: value for name, value in dataset.items() if name != "resize"}
        found["dataset"] = plain | {"image_size": stored_image_size(dataset)}
    return found


def job_configuration(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's configuration: its own, merged over its experiment's.

    Its params are those that are trained. It is not validated here; `job_spec` does that.
    """
    merged = renamed({**common, **own})
    if isinstance(params := merged.get("params"), dict):
        merged["params"] = trained_params(params, merged.get("epochs"))
    return merged


def trained_params(params: ParamValues, epochs: int | None) -> dict[str, Any]:
    """Return params with the number of epochs that are trained.

    In stores of earlier versions a job's params are those of the grid, and the epochs of the
    experiment override them. All code that reads params must call this function.

    Params with a patience, which those versions did not have, say how many epochs were asked for;
    fewer may have been trained.
    """
    own = params.get("epochs", DEFAULT_EPOCHS)
    as_given = epochs in (None, own) or params.get("patience")
    return dict(params) if as_given else {**params, "epochs": epochs}


def trial_seed(kind: Kind, seed: int, configuration: Mapping[str, Any]) -> int:
    """Return the seed of a job: its own if it has one, else its experiment's."""
    return _Stored(kind, configuration).seed(seed)


@dataclass(frozen=True, slots=True)
class _Stored:
    """The configuration of a job, with access to required fields that checks their types."""

    kind: Kind
    configuration: Mapping[str, Any]

    def take(self, name: str, of: type[T]) -> T:
        value = self.configuration.get(name)
        if not isinstance(value, of):
            raise self._refusal(name)
        return value

    def settings(self, seed: int) -> Settings:
        """Return how a job explains images."""
        segmentation, method = self.take("segmentation", str), self.take("method", str)
        if self.configuration.get("samples") == AUTO:
            return Settings(segmentation, DEFAULT_SAMPLES, seed, method, auto=True)
        return Settings(segmentation, self.take("samples", int), seed, method)

    def seed(self, of_experiment: int) -> int:
        return self.take("seed", int) if "seed" in self.configuration else of_experiment

    def start(self) -> StartSpec:
        """Return the start of a training; most have nothing of that."""
        init, freeze = (self.configuration.get(name) for name in ("init", "freeze"))
        weights = None if init is None else self.take("init", dict).get("weights")
        return StartSpec(weights, None if freeze is None else self.take("freeze", str))

    def earlier(self) -> EarlierEpoch | None:
        """Return the earlier epoch that is explained; most jobs explain the last."""
        if self.configuration.get("epoch") is None:
            return None
        training = _Stored(self.kind, self.take("training", dict))
        spec = TrainSpec(
            training.description(),
            self.take("threads", int),
            training.take("params", dict),
            training.take("seed", int),
            own_seed=True,
            start=training.start(),
            network=self.network(),
        )
        return EarlierEpoch(self.take("epoch", int), spec)

    def network(self) -> Mapping[str, Any] | None:
        """Return the network; None is the paper's."""
        return None if self.configuration.get("network") is None else self.take("network", dict)

    def description(self) -> Description:
        has_none = self.configuration.get("dataset", self) is None
        try:
            return Description.from_json(None if has_none else self.take("dataset", dict))
        except (KeyError, TypeError) as error:
            raise self._refusal("dataset") from error

    def _refusal(self, name: str) -> InputError:
        given = name in self.configuration
        has = f"has {name}={shown(self.configuration[name])}" if given else f"has no {name}"
        return InputError(
            f"the stored configuration of this {self.kind} job {has}",
            f"a configuration written by `runner submit {self.kind}`",
            f"submit it again with `runner submit {self.kind}`",
        )
