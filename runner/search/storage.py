"""A store as a storage of Optuna's: experiments as studies, beside those made with Optuna."""

import json
import re
from collections.abc import Container, Iterable, Sequence
from typing import Any, Protocol

from optuna.distributions import BaseDistribution
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import StudyDirection
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

from runner.errors import InputError
from runner.search.study import Study, directions_of, frozen_trials
from runner.store.engine import Store
from runner.store.lifecycle.tuning.optuna_log import append
from runner.store.queries.studies import optuna_log

# The numbers of studies and of trials that are ours begin after this one; those of Optuna's own
# journal storage begin with 0.
OURS = 10**9

# What Optuna calls the names of the objectives, an attribute of a study.
METRIC_NAMES = "study:metric_names"

NAME = re.compile(r"experiment-[0-9]+")


class Experiments(Protocol):
    """What reads the experiments of a store as studies."""

    def without_trials(self) -> dict[int, Study]:
        """Return all that train, by number."""

    def with_trials(self, experiment: int) -> Study:
        """Return one with its trials; raise KeyError if there is none."""

    def of_job(self, job: int) -> Study:
        """Return the one that has a job, with its trials; raise KeyError if there is none."""


class Log(BaseJournalBackend):
    """The log of the studies that are made with Optuna, in a table of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Return the entries from a number on."""
        with self._store.read() as connection:
            return [json.loads(entry) for entry in optuna_log(connection, log_number_from)]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append entries."""
        append(self._store, [json.dumps(entry) for entry in logs])


class RunnerStorage(JournalStorage):
    """Show experiments as studies that cannot be changed; keep all other studies in the store."""

    def __init__(self, store: Store, experiments: Experiments) -> None:
        super().__init__(Log(store))
        self._experiments = experiments

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        """Create a study, which is none of our experiments."""
        if study_name is not None and NAME.fullmatch(study_name):
            if any(study.study_name == study_name for study in self._ours()):
                raise DuplicatedStudyError(f"there is already an experiment {study_name}")
            raise InputError(
                f"a study cannot be called {study_name}",
                "a name other than `experiment-NUMBER`, which is that of an experiment",
                "choose another name",
            )
        return super().create_new_study(directions, study_name)

    def delete_study(self, study_id: int) -> None:
        """Delete a study."""
        _refuse(study_id)
        super().delete_study(study_id)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set an attribute of a study."""
        _refuse(study_id)
        super().set_study_user_attr(study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set an attribute of a study that Optuna itself uses."""
        _refuse(study_id)
        super().set_study_system_attr(study_id, key, value)

    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the number of a study; raise KeyError if there is none of this name."""
        for study in self._ours():
            if study.study_name == study_name:
                return int(study._study_id)  # noqa: SLF001 (Optuna's storages read it too)
        return int(super().get_study_id_from_name(study_name))

    def get_study_name_from_id(self, study_id: int) -> str:
        """Return the name of a study."""
        if study_id > OURS:
            return str(self._our(study_id).study_name)
        return str(super().get_study_name_from_id(study_id))

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Return whether each objective is minimized."""
        if study_id > OURS:
            return list(self._our(study_id).directions)
        return list(super().get_study_directions(study_id))

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Return the attributes of a study."""
        if study_id > OURS:
            return dict(self._our(study_id).user_attrs)
        return dict(super().get_study_user_attrs(study_id))

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Return the attributes of a study that Optuna itself uses."""
        if study_id > OURS:
            return dict(self._our(study_id).system_attrs)
        return dict(super().get_study_system_attrs(study_id))

    def get_all_studies(self) -> list[FrozenStudy]:
        """Return all studies, those made with Optuna first."""
        return [*super().get_all_studies(), *self._ours()]

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Create a trial."""
        _refuse(study_id)
        return int(super().create_new_trial(study_id, template_trial))

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter of a trial."""
        _refuse(trial_id)
        super().set_trial_param(trial_id, param_name, param_value_internal, distribution)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Set the state and the values of a trial; return whether the state is another."""
        _refuse(trial_id)
        return bool(super().set_trial_state_values(trial_id, state, values))

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Report an intermediate value of a trial."""
        _refuse(trial_id)
        super().set_trial_intermediate_value(trial_id, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute of a trial."""
        _refuse(trial_id)
        super().set_trial_user_attr(trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute of a trial that Optuna itself uses."""
        _refuse(trial_id)
        super().set_trial_system_attr(trial_id, key, value)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the number that a trial has among all of the storage."""
        if study_id > OURS:
            for trial in self.get_all_trials(study_id, deepcopy=False):
                if trial.number == trial_number:
                    return int(trial._trial_id)  # noqa: SLF001
            raise KeyError(f"there is no trial {trial_number}")
        return int(super().get_trial_id_from_study_id_trial_number(study_id, trial_number))

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial."""
        if trial_id <= OURS:
            return super().get_trial(trial_id)
        trials = _numbered(self._experiments.of_job(trial_id - OURS))
        return next(trial for trial in trials if trial._trial_id == trial_id)  # noqa: SLF001

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Return the trials of a study, or those of them that have one of these states."""
        if study_id <= OURS:
            return list(super().get_all_trials(study_id, deepcopy, states))
        trials = _numbered(self._experiments.with_trials(study_id - OURS))
        return [trial for trial in trials if states is None or trial.state in states]

    def _ours(self) -> list[FrozenStudy]:
        found = self._experiments.without_trials()
        return [
            FrozenStudy(
                study_name=study.name,
                direction=None,
                directions=directions_of(study),
                user_attrs=dict(study.about),
                system_attrs={METRIC_NAMES: study.about["objectives"]},
                study_id=OURS + number,
            )
            for number, study in found.items()
        ]

    def _our(self, study_id: int) -> FrozenStudy:
        for study in self._ours():
            if study._study_id == study_id:  # noqa: SLF001
                return study
        raise KeyError(f"there is no study with the id {study_id}")


def _numbered(study: Study) -> list[FrozenTrial]:
    """Return the trials of an experiment, with ids that no trial made with Optuna has."""
    found = frozen_trials(study)
    for trial in found:
        trial._trial_id += OURS  # noqa: SLF001
    return found


def _refuse(number: int) -> None:
    """Raise InputError if a study or a trial is one of ours."""
    if number > OURS:
        raise InputError(
            "experiments cannot be changed by Optuna: this study is one",
            "a study that was created with `optuna.create_study`",
            "use the commands: `runner submit`, `runner cancel`, `runner delete`",
        )
