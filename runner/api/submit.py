"""Submit experiments: what the command line and Python ask for, as typed requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cifar_model import grid as grids
from cifar_model.backends.names import check_backend, check_installed
from cifar_model.data import RESIZED, DatasetSpec
from cifar_model.explanation.settings import DEFAULT_SAMPLES, METHODS, OLD_METHODS, SEGMENTATIONS
from cifar_model.networks.network import PAPER, Network
from cifar_model.networks.presets import find_preset, network_name
from cifar_model.networks.signature import find_network
from cifar_model.params import ParamValues
from cifar_model.spaces.space import Range
from cifar_model.trainers.signature import find_trainer
from runner.api import checks
from runner.api.grids import grid_lines, requested_grid
from runner.api.initial import read_initial
from runner.api.racing.folding import check_images, check_repeats, read_folds
from runner.api.racing.reducing import check_reduction, with_reduction
from runner.api.searching import (
    check_shared,
    read_aims,
    read_budget,
    read_fraction,
    read_more_trials,
    read_sampling,
    read_searching,
)
from runner.errors import InputError
from runner.search import SEARCHES
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment
from runner.store.lifecycle.tuning.additions import Addition
from runner.store.lifecycle.tuning.stopping import RULES
from runner.store.names import read_label
from runner.store.opening import find_store, make_store
from runner.submit.additions import (
    MorePoints,
    experiment_options,
    more_trials,
    network_of,
    new_addition,
)
from runner.submit.budget import with_budget
from runner.submit.experiments import Training, new_evaluate, new_folds, new_train, new_tune
from runner.submit.explain import Explaining, new_explain
from runner.submit.image_choice import comma_parts
from runner.submit.life import read_epochs
from runner.submit.objectives import with_aims
from runner.submit.search import new_search
from runner.submit.warm import with_warm_start

SPLITS = ("train", "validation", "test")
# That of the paper.
DEFAULT_DATASET = "cifar10"
PAPER_GRID = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every experiment has: its seed, a key that makes it safe to submit again, its name."""

    seed: int = 0
    key: str | None = None
    name: str | None = None
    tags: Sequence[str] = ()
    note: str | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest(Request):
    """What `train` and `tune` have in common; `epochs` overrides the params."""

    dataset: str | None = None
    train_size: int | None = None
    image_size: int | None = None
    resize: bool = False
    epochs: int | None = None
    network: str | None = None
    trainer: str | None = None
    backend: str | None = None
    params: ParamValues = field(default_factory=dict)
    threads: int = 1
    repeats: int = 1
    init: int | str | Path | None = None
    freeze: str | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest(TrainingRequest):
    """Train one trial; the params override those of a preset."""

    preset: str | None = None
    augment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest(TrainingRequest):
    """Train points of a grid: one that is built in, that of a file, or the content of such a file.

    `ranges` replace what the grid says of these parameters, as `params` do. With `into`, the points
    that an experiment does not have yet are added to it; all that is not given is then as in that
    experiment. A search other than `grid` draws `trials` points, one when each job is claimed. With
    `folds`, each point is trained once without each of so many folds, and scored on it.
    """

    downsample: float | None = None
    grid: str | Path | Mapping[str, Any] | None = None
    method: str | None = None
    search: str = "grid"
    trials: int | None = None
    objective: str | Sequence[str] = ()
    minimize: str | Sequence[str] = ()
    constraint: str | Sequence[str] = ()
    deterministic: bool = False
    hours: float | None = None
    epochs_total: int | None = None
    start_from: int | str | Path | None = None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    into: int | None = None
    stop: str | None = None
    folds: int | None = None
    reduce: str | None = None
    reduce_every: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest(Request):
    """Score a trial on a split (default: test), or train its params again for each fold."""

    trial: int
    split: str | None = None
    folds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainRequest(Request):
    """Explain a trial's predictions.

    `images`, `labels` and `epochs_of_life` are numbers and names, or a text that chooses them as
    the options do.
    """

    trial: int
    images: Sequence[int] | str
    labels: Sequence[str] | str = "predicted"
    dataset: str | None = None
    image_size: int | None = None
    resize: bool = False
    method: str = METHODS[0]
    segmentation: str = SEGMENTATIONS[0]
    samples: int | str = DEFAULT_SAMPLES
    activations: bool = False
    epochs_of_life: Sequence[int | str] | str | None = None


AnyRequest = TrainRequest | TuneRequest | EvaluateRequest | ExplainRequest


def store_for(settings: Settings, request: AnyRequest) -> Store:
    """Open the store that a request goes to; one about a stored trial makes none."""
    into = isinstance(request, TuneRequest) and request.into is not None
    if into or isinstance(request, EvaluateRequest | ExplainRequest):
        return find_store(settings)
    return make_store(settings)


def new_experiment(settings: Settings, store: Store, request: AnyRequest) -> NewExperiment:
    """Return the experiment that a request asks for, checked and not yet stored."""
    checks.whole_number("seed", request.seed)
    checks.check_key(request.key)
    name = checks.optional_text("name", request.name)
    note = checks.optional_text("note", request.note)
    label = read_label(name, checks.words("tags", request.tags), note)
    priority = checks.whole_number("priority", request.priority)
    new = _new_experiment(settings, store, request)
    return replace(new, label=label, priority=priority)


def new_submission(
    settings: Settings, store: Store, request: AnyRequest
) -> NewExperiment | Addition:
    """Return what a request asks for, an experiment or more of one, checked and not yet stored."""
    if isinstance(request, TuneRequest) and request.into is not None:
        return _new_addition(store, request, request.into)
    return new_experiment(settings, store, request)


def _new_experiment(settings: Settings, store: Store, request: AnyRequest) -> NewExperiment:
    match request:
        case TrainRequest():
            return _new_train(settings, store, request)
        case TuneRequest():
            return _new_tune(settings, store, request)
        case EvaluateRequest():
            return _new_evaluate(store, request)
        case ExplainRequest():
            return _new_explain(settings, store, request)


def _new_train(settings: Settings, store: Store, request: TrainRequest) -> NewExperiment:
    given = _params(request)
    given |= {"augment": True} if checks.flag("augment", request.augment) else {}
    function = find_function(request.network, request.trainer, request.preset)
    params = {**_of_preset(request.preset, given), **given}
    return new_train(settings, _training(settings, store, request, function), params)


def _of_preset(preset: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params of a preset; `augment`, if it is given, is another name of one of them."""
    params = {} if preset is None else dict(find_preset(preset).params)
    if "augment" in given:
        params.pop("augmentation", None)
    return params


def _new_tune(settings: Settings, store: Store, request: TuneRequest) -> NewExperiment:
    searching = read_searching(request)
    check_reduction(request)
    fixed = {name: [value] for name, value in _params(request).items()}
    function = find_function(request.network, request.trainer)
    stop = None if request.stop is None else checks.one_of("stop", request.stop, RULES)
    if function.trainer and stop is not None:
        raise InputError(
            "--stop has no effect with --trainer",
            "a network, whose training can be ended after an epoch",
            "omit --stop: a trainer decides itself when it ends",
        )
    folds = read_folds(request)
    training = replace(_training(settings, store, request, function), stop=stop, folds=folds)
    chosen = PAPER_GRID if request.grid is None else request.grid
    grid = {**requested_grid(chosen, training.network), **fixed, **request.ranges}
    with grid_lines(chosen):
        if searching is None:
            sampled = new_tune(settings, training, grid, read_sampling(request))
            check_images(sampled, folds)
            new = with_aims(with_reduction(sampled, request), training, read_aims(request))
        else:
            new = new_search(settings, training, grid, searching)
            check_images(new, folds)
            if request.start_from is not None:
                new = with_warm_start(store, new, training, grid, str(request.start_from))
        return with_budget(new, training, grid, read_budget(request))


def _new_addition(store: Store, request: TuneRequest, into: int) -> Addition:
    shared = experiment_options(store, into)
    check_shared(request, shared, into)
    if shared["search"] != SEARCHES[0]:
        return more_trials(store, into, read_more_trials(request, into))
    network = network_of(store, into)
    check_repeats(request.repeats, shared["folds"])
    more = MorePoints(
        downsample=read_fraction(request),
        grid=None if request.grid is None else requested_grid(request.grid, network),
        fixed=_params(request),
        ranges=request.ranges,
        method=request.method and checks.one_of("method", request.method, grids.METHODS),
        repeats=checks.whole_number("repeats", request.repeats),
    )
    with grid_lines(PAPER_GRID if request.grid is None else request.grid):
        return new_addition(store, into, more)


def _new_evaluate(store: Store, request: EvaluateRequest) -> NewExperiment:
    trial = checks.whole_number("trial", request.trial)
    if request.folds is None:
        split = checks.one_of("split", request.split or "test", SPLITS)
        return new_evaluate(store, trial, split, request.seed, request.key)
    if request.split is not None:
        raise InputError(
            "--folds splits the training and validation images and cannot be combined with --split",
            "either --folds or --split",
            "omit one of them",
        )
    folds = checks.whole_number("folds", request.folds)
    return new_folds(store, trial, folds, request.seed, request.key)


def _new_explain(settings: Settings, store: Store, request: ExplainRequest) -> NewExperiment:
    size = _image_size(request)
    if size is not None and request.dataset is None:
        raise InputError(
            "--image-size applies to the images of --dataset, which is not given",
            "--image-size together with --dataset",
            "omit --image-size (or --resize), or choose a --dataset",
        )
    labels, epochs = request.labels, request.epochs_of_life
    method = checks.one_of("method", OLD_METHODS.get(request.method, request.method), METHODS)
    explaining = Explaining(
        images=checks.image_numbers(request.images),
        labels=comma_parts(labels) if isinstance(labels, str) else list(labels),
        segmentation=checks.one_of("segmentation", request.segmentation, SEGMENTATIONS),
        samples=checks.samples_of(request.samples, method),
        activations=checks.flag("activations", request.activations),
        method=method,
        dataset=None
        if request.dataset is None
        else DatasetSpec(checks.text("dataset", request.dataset), image_size=size),
        epochs_of_life=None if epochs is None else read_epochs(epochs),
    )
    trial = checks.whole_number("trial", request.trial)
    return new_explain(settings, store, trial, explaining, request.seed, request.key)


def _backend(settings: Settings, name: str | None) -> str:
    """Return the backend that jobs need; what workers on other hosts have is not known here."""
    if name is None:
        return settings.backend
    check = check_backend if settings.broker_url else check_installed
    return check("--backend", checks.text("backend", name))


def _training(
    settings: Settings, store: Store, request: TrainingRequest, function: Network
) -> Training:
    if function.trainer and (request.init is not None or request.freeze is not None):
        raise InputError(
            "--init and --freeze have no effect with --trainer",
            "a network, whose weights and layers they are about",
            "omit --init and --freeze: a trainer makes its own model",
        )
    return Training(
        dataset=_dataset(request, function),
        epochs=checks.optional_number("epochs", request.epochs),
        threads=checks.whole_number("threads", request.threads),
        seed=request.seed,
        repeats=checks.whole_number("repeats", request.repeats),
        key=request.key,
        initial=None if request.init is None else read_initial(store, request.init),
        freeze=checks.optional_text("freeze", request.freeze),
        network=function,
        backend=_backend(settings, request.backend),
        fresh=checks.flag("fresh", request.fresh),
    )


def _dataset(request: TrainingRequest, function: Network) -> DatasetSpec | None:
    """Return the data set: CIFAR-10 unless another one is chosen; a trainer may have none."""
    size, train_size = (
        _image_size(request),
        checks.optional_number("train_size", request.train_size),
    )
    if request.dataset is not None or not function.trainer:
        name = DEFAULT_DATASET if request.dataset is None else request.dataset
        return DatasetSpec(checks.text("dataset", name), train_size, size)
    given = {"--train-size": train_size, "--image-size": size}
    if asked := [option for option, value in given.items() if value is not None]:
        raise InputError(
            f"{' and '.join(asked)} without --dataset: a trainer has no other data set",
            "--dataset, which these options are about",
            "choose a --dataset, or omit them",
        )
    return None


def _image_size(request: TrainingRequest | ExplainRequest) -> int | None:
    """Return what images are resized to; `resize` is the earlier option, for 32 pixels."""
    size = checks.optional_number("image_size", request.image_size)
    if not checks.flag("resize", request.resize):
        return size
    if size not in (None, RESIZED):
        raise InputError(
            f"--resize together with --image-size {size}",
            f"one of them: --resize is the same as --image-size {RESIZED}",
            "omit --resize",
        )
    return RESIZED


def find_function(network: str | None, trainer: str | None, preset: str | None = None) -> Network:
    """Return the network, that of a preset, or the trainer that was asked for.

    Raises InputError if a trainer and one of the others were.
    """
    network = checks.optional_text("network", network)
    preset = checks.optional_text("preset", preset)
    if trainer is None:
        return find_network(network_name(network, preset))
    for option, other in (("network", network), ("preset", preset)):
        if other not in (None, PAPER.name):
            raise InputError(
                f"--trainer {trainer} and --{option} {other} are both given",
                "one of them: a trainer makes its own model",
                "omit one",
            )
    return find_trainer(checks.text("trainer", trainer))


def _params(request: TrainingRequest) -> dict[str, Any]:
    """Return the params as plain JSON; those of NumPy become numbers of Python."""
    if not isinstance(request.params, Mapping):
        raise checks.refusal("params", request.params, "a dictionary such as {'lr': 0.01}")
    return {name: checks.plain(value) for name, value in request.params.items()}
