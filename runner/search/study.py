"""Writes an Optuna study file, and reads the trials of somebody's."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from cifar_model.params import ParamValues
from cifar_model.rules import Json
from runner.errors import InputError
from runner.search.sampling import contains

# Where Optuna keeps how far a trial is beyond its constraints.
CONSTRAINTS = "constraints"

optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass(frozen=True, slots=True)
class StudyTrial:
    """A trial as Optuna has it; `state` is the name of one of Optuna's states.

    `excess` is how far it is beyond each constraint; numbers begin with 0.
    """

    params: ParamValues
    values: Sequence[float] | None
    state: str
    intermediate: Mapping[int, float] = field(default_factory=dict)
    about: Mapping[str, Json] = field(default_factory=dict)
    excess: Sequence[float] = ()
    id: int = 0
    number: int = 0
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """A study: whether each objective is minimized, and what each parameter is drawn from."""

    name: str
    minimize: Sequence[bool]
    distributions: Mapping[str, BaseDistribution]
    trials: Sequence[StudyTrial]
    about: Mapping[str, Json]


def study_file(study: Study) -> bytes:
    """Return a SQLite file of Optuna's with exactly this study."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "study.db"
        storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
        made = optuna.create_study(
            storage=storage, study_name=study.name, directions=directions_of(study)
        )
        for name, value in study.about.items():
            made.set_user_attr(name, value)
        made.add_trials(frozen_trials(study))
        storage.remove_session()
        storage.engine.dispose()
        return path.read_bytes()


def directions_of(study: Study) -> list[StudyDirection]:
    """Return whether a smaller or a larger value of each objective is better."""
    return [
        StudyDirection.MINIMIZE if small else StudyDirection.MAXIMIZE for small in study.minimize
    ]


def frozen_trials(study: Study) -> list[FrozenTrial]:
    """Return the trials of a study as Optuna's."""
    known = _distributions(study)
    return [_frozen(trial, known) for trial in study.trials]


def _distributions(study: Study) -> dict[str, BaseDistribution]:
    """Return what each parameter is drawn from, so that every value of a trial is among it."""
    found: dict[str, BaseDistribution] = {}
    for name in dict.fromkeys(name for trial in study.trials for name in trial.params):
        values = [trial.params[name] for trial in study.trials if name in trial.params]
        given = study.distributions.get(name)
        if given is not None and all(contains(given, value) for value in values):
            found[name] = given
            continue
        choices = given.choices if isinstance(given, CategoricalDistribution) else ()
        found[name] = CategoricalDistribution(list(dict.fromkeys([*choices, *values])))
    return found


def _frozen(trial: StudyTrial, known: Mapping[str, BaseDistribution]) -> FrozenTrial:
    state = TrialState[trial.state]
    # A job that was cancelled before it started began and ended at once.
    started = None if state == TrialState.WAITING else trial.started or trial.ended
    return FrozenTrial(
        number=trial.number,
        trial_id=trial.id,
        state=state,
        value=None,
        values=trial.values,
        datetime_start=_local(started),
        datetime_complete=_local(trial.ended),
        params=dict(trial.params),
        distributions={name: known[name] for name in trial.params},
        user_attrs=dict(trial.about),
        system_attrs={CONSTRAINTS: list(trial.excess)} if trial.excess else {},
        intermediate_values=dict(trial.intermediate),
    )


def _local(moment: datetime | None) -> datetime | None:
    """Return a moment as Optuna has it: in local time, without a time zone."""
    return None if moment is None else moment.astimezone().replace(tzinfo=None)


def read_study(path: Path) -> Study:
    """Read the one study of a file of Optuna's; its trials are those that are complete."""
    expected = "a SQLite file of Optuna's with one study, as `--format optuna` writes it"
    if not path.is_file():
        raise InputError(
            f"there is no file {path}",
            f"the numbers of experiments, or {expected}",
            "correct --from",
        )
    url = f"sqlite:///{path}"
    try:
        storage = optuna.storages.RDBStorage(url, skip_table_creation=True)
        names = optuna.get_all_study_names(storage)
    except Exception as error:
        raise InputError(
            f"{path} cannot be read as an Optuna study: {type(error).__name__}",
            expected,
            "correct --from; a file of an earlier Optuna needs `optuna storage upgrade`",
        ) from error
    if len(names) != 1:
        raise InputError(
            f"{path} has {len(names)} studies",
            expected,
            "copy one study into a file of its own with `optuna.copy_study`",
        )
    study = optuna.load_study(study_name=names[0], storage=storage)
    trials = [
        StudyTrial(trial.params, trial.values, trial.state.name)
        for trial in study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    ]
    minimize = [each == StudyDirection.MINIMIZE for each in study.directions]
    storage.remove_session()
    storage.engine.dispose()
    return Study(names[0], minimize, {}, trials, {})
