"""Submit the missing steps of a reproduction; each step is submitted once, also if it is rerun."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from cifar_model.data import Dataset, DatasetSpec, Description, is_here
from cifar_model.data.loading import cut
from cifar_model.grid import METHODS
from cifar_model.params import seed_after
from runner.datasets.described import describe, read
from runner.reports.experiment.document import report_document
from runner.reproduction.plan import (
    Again,
    Evaluate,
    Explain,
    Folds,
    OfTrial,
    Scale,
    Step,
    Subjects,
    Train,
    Tune,
    Wanted,
    choose,
    needed,
    plan,
)
from runner.settings import Settings
from runner.states import FINAL, JobState
from runner.store import queries
from runner.store.artifacts import is_stored
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment, find_done, find_key
from runner.store.queries.running import open_attempts
from runner.submit.experiments import Training, new_evaluate, new_folds, new_train, new_tune, save
from runner.submit.explain import new_explain

THREADS = 1
# The priority of a step that repeats another.
LATER = -1


@dataclass(frozen=True, eq=False)
class Reproduction:
    """A reproduction: its data set, scale and seed, and the number of seeds.

    `wanted` says which results are wanted; by default all are.
    """

    settings: Settings
    store: Store
    scale: Scale
    spec: DatasetSpec
    dataset: Dataset
    seed: int
    repeats: int = 1
    wanted: Wanted | None = None

    @property
    def description(self) -> Description:
        """Return the description of the data set."""
        return Description.from_json(self.spec.to_json() | self.dataset.to_json())

    @property
    def named(self) -> Description:
        """Return the description of the data set with the scale in its title."""
        found = self.description
        return replace(found, title=f"{found.title}, scale {self.scale.name}")

    @property
    def subjects(self) -> Subjects:
        """Return the classes and images that the figures show."""
        return choose(self.dataset)

    def seed_of(self, step: Step) -> int:
        """Return the seed of a step."""
        return seed_after(self.seed, step.later_seed)

    @property
    def steps(self) -> list[Step]:
        """Return the steps that are wanted, and those that they need."""
        here = is_here("cifar100", self.settings.data_dir)
        steps = plan(self.scale, self.subjects, cifar100=here, repeats=self.repeats)
        return steps if self.wanted is None else needed(steps, self.wanted)


def begin(
    settings: Settings, store: Store, scale: Scale, dataset: str, seed: int, repeats: int = 1
) -> Reproduction:
    """Load the data set; if it has fewer images than the scale, all of them are used."""
    images = read(DatasetSpec(dataset), settings.data_dir)
    spec, size = DatasetSpec(dataset), scale.train_size
    if size is not None and size < len(images.train):
        images = cut(images, size)
        spec = DatasetSpec(dataset, train_size=size)
    return Reproduction(settings, store, scale, spec, images, seed, repeats)


def submitted(reproduction: Reproduction, *, submit: bool) -> dict[str, int]:
    """Return the experiments of the steps by name.

    With `submit`, a step without an experiment is submitted if the trial that it needs is finished
    and has its weights, which an import may have left out. An experiment with the same key, or a
    finished one with the same work, is reused.
    """
    found: dict[str, int] = {}
    for step in reproduction.steps:
        trial = None
        if isinstance(step.work, OfTrial):
            trial = _trial(reproduction.store, found.get(step.work.trial_of))
            if trial is None:
                continue
        key = _key(reproduction, step, trial)
        number = find_key(reproduction.store, key)
        if number is None:
            new = _new(reproduction, step, trial, key)
            number = find_done(reproduction.store, new)
            if number is None and submit and not _lacks_weights(reproduction, step, trial):
                # Queued jobs of the first seed start before those of others.
                priority = LATER if step.repeats else new.priority
                number = save(reproduction.store, replace(new, priority=priority))
        if number is not None:
            found[step.name] = number
    return found


def without_weights(reproduction: Reproduction, experiments: Mapping[str, int]) -> list[str]:
    """Return the steps that cannot be done: the weights of their trials were not imported."""
    found = []
    for step in reproduction.steps:
        if step.name not in experiments and isinstance(step.work, OfTrial):
            trial = _trial(reproduction.store, experiments.get(step.work.trial_of))
            if _lacks_weights(reproduction, step, trial):
                found.append(step.name)
    return found


def _lacks_weights(reproduction: Reproduction, step: Step, trial: int | None) -> bool:
    if trial is None or not isinstance(step.work, Evaluate | Explain | Folds):
        return False
    model = queries.trial(reproduction.store, trial).model
    with reproduction.store.read() as connection:
        return not is_stored(connection, model)


def is_open(store: Store, experiment: int) -> bool:
    """Return whether an experiment has unfinished jobs."""
    states = queries.experiment(store, experiment).states
    return any(count for state, count in states.items() if state not in FINAL)


def is_paused(store: Store, experiment: int) -> bool:
    """Return whether an experiment is paused."""
    return queries.experiment(store, experiment).paused_at is not None


def running(store: Store, experiments: Iterable[int]) -> list[int]:
    """Return those of the experiments that have a running job."""
    found = {attempt.experiment for attempt in open_attempts(store)}
    return [number for number in experiments if number in found]


def _trial(store: Store, experiment: int | None) -> int | None:
    """Return the best trial of an experiment by val_accuracy; None until all jobs have ended."""
    if experiment is None or is_open(store, experiment):
        return None
    return report_document(store, experiment).trials[0].trial


def _key(reproduction: Reproduction, step: Step, trial: int | None) -> str:
    """Return the submission key, which depends on all that decides the result.

    Not on numbers: in the store that a step is imported to, its trial has another one.
    """
    asked = {
        "work": asdict(step.work),
        "scale": asdict(reproduction.scale) | {"params": dict(reproduction.scale.params)},
        "fingerprint": reproduction.dataset.fingerprint,
        "seed": reproduction.seed_of(step),
        "model": None if trial is None else queries.trial(reproduction.store, trial).model,
    }
    digest = sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return f"reproduce {reproduction.scale.name} {step.name} {digest[:16]}"


def _new(reproduction: Reproduction, step: Step, trial: int | None, key: str) -> NewExperiment:
    settings, store = reproduction.settings, reproduction.store
    seed = reproduction.seed_of(step)
    match step.work, trial:
        case Train() as work, None:
            return new_train(settings, _training(reproduction, work, seed, key), work.params)
        case Again() as work, int():
            params = queries.trial(store, trial).params
            return new_train(settings, _training(reproduction, work, seed, key), params)
        case Tune() as work, None:
            grid = dict(work.grid) | {name: [value] for name, value in work.params.items()}
            training = _training(reproduction, work, seed, key)
            return new_tune(settings, training, grid, (work.downsample, METHODS[0]))
        case Evaluate() as work, int():
            return new_evaluate(store, trial, work.split, seed, key)
        case Folds() as work, int():
            return new_folds(store, trial, work.folds, seed, key)
        case Explain() as work, int():
            return new_explain(settings, store, trial, work.explaining, seed, key)
    raise ValueError(f"{step.name} has no trial")


def _training(
    reproduction: Reproduction, work: Train | Tune | Again, seed: int, key: str
) -> Training:
    spec, described = reproduction.spec, reproduction.dataset.to_json()
    if isinstance(work, Train) and work.dataset:
        spec = DatasetSpec(work.dataset, train_size=reproduction.scale.train_size)
        described = describe(spec, reproduction.settings.data_dir)
    return Training(spec, work.epochs, THREADS, seed, key=key, described=described)


def unfinished(
    reproduction: Reproduction, experiments: Mapping[str, int]
) -> dict[str, dict[str, int] | None]:
    """Return the steps without a result, with their job counts by state.

    The counts are None if a step has no experiment.
    """
    found: dict[str, dict[str, int] | None] = {}
    for step in reproduction.steps:
        number = experiments.get(step.name)
        if number is None:
            found[step.name] = None
            continue
        states = queries.experiment(reproduction.store, number).states
        if any(count for state, count in states.items() if state != JobState.SUCCEEDED):
            found[step.name] = {state: count for state, count in states.items() if count}
    return found
