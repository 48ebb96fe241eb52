"""The Python interface: open a home, submit experiments and read what is stored as data frames."""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cifar_model.explanation.settings import DEFAULT_SAMPLES
from cifar_model.params import ParamValues
from runner.api import checks
from runner.api.experiment import Experiment
from runner.api.home import Home
from runner.api.selection import Chosen, Where, number_of
from runner.api.submit import (
    AnyRequest,
    EvaluateRequest,
    ExplainRequest,
    TrainRequest,
    TuneRequest,
)
from runner.api.submitting import call_of, save, submit
from runner.api.trial import Trial
from runner.reports.model import Note
from runner.settings import Settings
from runner.store import queries

if TYPE_CHECKING:
    import pandas as pd

    from runner.search.storage import RunnerStorage


def open(home_or_url: str | os.PathLike[str] | None = None) -> "Client":  # noqa: A001 (`runner.open()`)
    """Open a home or a database; without an argument that of the command line.

    A home is a directory, such as `results`; a URL begins with `sqlite:///` or `postgresql://`.
    Where there never was a store, the first experiment that is submitted makes it. Raises
    InputError and UnavailableError as the command line does.
    """
    home = Home(Settings.of(home_or_url))
    home.store_if_any()
    return Client(home)


class Client:
    """A results store: submit experiments to it, and read it as data frames.

    `experiment` chooses by number or by several of them, `where` by conditions on metrics and
    params such as "val_accuracy>0.5". The columns of frames have the names of the JSON fields of
    the reports, and are there also if there is no row.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def submit_train(  # noqa: PLR0913 (the options of the command line)
        self,
        *,
        dataset: str | None = None,
        network: str | None = None,
        preset: str | None = None,
        trainer: str | None = None,
        backend: str | None = None,
        params: ParamValues | None = None,
        augment: bool = False,
        train_size: int | None = None,
        image_size: int | None = None,
        resize: bool = False,
        epochs: int | None = None,
        threads: int = 1,
        repeats: int = 1,
        init: int | str | Path | None = None,
        freeze: str | None = None,
        fresh: bool = False,
        seed: int = 0,
        key: str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        note: str | None = None,
        priority: int = 0,
    ) -> Experiment:
        """Train one trial, or one for each of `repeats` seeds; `epochs` overrides the params."""
        return self._submit(
            TrainRequest(
                dataset=dataset,
                network=network,
                preset=preset,
                trainer=trainer,
                backend=backend,
                params=params or {},
                augment=augment,
                train_size=train_size,
                image_size=image_size,
                resize=resize,
                epochs=epochs,
                threads=threads,
                repeats=repeats,
                init=init,
                freeze=freeze,
                fresh=fresh,
                seed=seed,
                key=key,
                name=name,
                tags=tags,
                note=note,
                priority=priority,
            )
        )

    def submit_tune(  # noqa: PLR0913 (the options of the command line)
        self,
        *,
        downsample: float | None = None,
        grid: str | Path | Mapping[str, Any] | None = None,
        method: str | None = None,
        search: str = "grid",
        trials: int | None = None,
        objective: str | Sequence[str] = (),
        minimize: str | Sequence[str] = (),
        constraint: str | Sequence[str] = (),
        deterministic: bool = False,
        hours: float | None = None,
        epochs_total: int | None = None,
        start_from: int | str | Path | None = None,
        into: int | str | None = None,
        stop: str | None = None,
        folds: int | None = None,
        reduce: str | None = None,
        reduce_every: int | None = None,
        dataset: str | None = None,
        network: str | None = None,
        trainer: str | None = None,
        backend: str | None = None,
        params: ParamValues | None = None,
        train_size: int | None = None,
        image_size: int | None = None,
        resize: bool = False,
        epochs: int | None = None,
        threads: int = 1,
        repeats: int = 1,
        init: int | str | Path | None = None,
        freeze: str | None = None,
        fresh: bool = False,
        seed: int = 0,
        key: str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        note: str | None = None,
        priority: int = 0,
    ) -> Experiment:
        """Train points of a grid, one job per point: a fraction of them, or `trials` of a search.

        The grid is one that is built in, that of a JSON or YAML file, or a dictionary of lists of
        values, ranges and conditions as in such a file. With `into`, the points that an experiment
        does not have yet are added to it.
        """
        return self._submit(
            TuneRequest(
                downsample=downsample,
                grid=grid,
                method=method,
                search=search,
                trials=trials,
                objective=objective,
                minimize=minimize,
                constraint=constraint,
                deterministic=deterministic,
                hours=hours,
                epochs_total=epochs_total,
                start_from=start_from,
                into=None if into is None else number_of(self._home.store, into),
                stop=stop,
                folds=folds,
                reduce=reduce,
                reduce_every=reduce_every,
                dataset=dataset,
                network=network,
                trainer=trainer,
                backend=backend,
                params=params or {},
                train_size=train_size,
                image_size=image_size,
                resize=resize,
                epochs=epochs,
                threads=threads,
                repeats=repeats,
                init=init,
                freeze=freeze,
                fresh=fresh,
                seed=seed,
                key=key,
                name=name,
                tags=tags,
                note=note,
                priority=priority,
            )
        )

    def submit_evaluate(  # noqa: PLR0913 (the options of the command line)
        self,
        trial: int,
        *,
        split: str | None = None,
        folds: int | None = None,
        seed: int = 0,
        key: str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        note: str | None = None,
        priority: int = 0,
    ) -> Experiment:
        """Score a trial on a split (default: test), or train its params again for each fold."""
        return self._submit(
            EvaluateRequest(
                trial=trial,
                split=split,
                folds=folds,
                seed=seed,
                key=key,
                name=name,
                tags=tags,
                note=note,
                priority=priority,
            )
        )

    def submit_explain(  # noqa: PLR0913 (the options of the command line)
        self,
        trial: int,
        images: Sequence[int] | str,
        *,
        labels: Sequence[str] | str = "predicted",
        method: str = "lime",
        segmentation: str = "small",
        samples: int | str = DEFAULT_SAMPLES,
        activations: bool = False,
        epochs_of_life: Sequence[int | str] | str | None = None,
        dataset: str | None = None,
        image_size: int | None = None,
        resize: bool = False,
        seed: int = 0,
        key: str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        note: str | None = None,
        priority: int = 0,
    ) -> Experiment:
        """Explain a trial's predictions for images of the test split.

        Images are numbers, or a text such as "random:20" or "class:cat". `epochs_of_life`, such as
        "1,2,5,last", are epochs whose explanations are compared with those of the last.
        """
        return self._submit(
            ExplainRequest(
                trial=trial,
                images=images,
                labels=labels,
                method=method,
                segmentation=segmentation,
                samples=samples,
                activations=activations,
                epochs_of_life=epochs_of_life,
                dataset=dataset,
                image_size=image_size,
                resize=resize,
                seed=seed,
                key=key,
                name=name,
                tags=tags,
                note=note,
                priority=priority,
            )
        )

    def submit_confirm(
        self,
        experiment: int | str,
        *,
        top: int = 5,
        seeds: int = 5,
        budget: int | None = None,
        fresh: bool = False,
    ) -> Experiment:
        """Train the best trials of an experiment with further seeds until one stands out.

        `wait` of the experiment that is returned also waits for the test score of the winner.
        """
        from runner.api.racing.confirming import ConfirmRequest, new_confirmation

        store = self._home.store
        request = ConfirmRequest(
            number_of(store, experiment),
            top=top,
            seeds=seeds,
            budget=budget,
            fresh=fresh,
        )
        given = {"top": top, "seeds": seeds, "budget": budget} | ({"fresh": True} if fresh else {})
        call = call_of("submit_confirm", (request.experiment,), given)
        return self._said(save(self._home, store, new_confirmation(store, request), call))

    def continue_trial(self, trial: int, *, epochs: int | None = None) -> Experiment:
        """Continue a trial that was stopped early, or train it for more epochs."""
        from runner.submit.continuing import RESTARTS, new_continuation

        store, number = self._home.store, checks.whole_number("trial", trial)
        more = checks.optional_number("epochs", epochs)
        new = new_continuation(store, number, more)
        if not new.configuration["resumes"]:
            warnings.warn(RESTARTS.format(trial=number), stacklevel=2)
        call = call_of("continue_trial", (number,), {"epochs": more})
        return self._said(save(self._home, store, new, call))

    def experiment(self, experiment: int | str) -> Experiment:
        """Return an experiment by its number or its name."""
        return Experiment(self._home, number_of(self._home.store, experiment))

    def trial(self, number: int) -> Trial:
        """Return a trial by its number."""
        chosen = checks.whole_number("trial", number)
        return Trial(self._home, queries.trial(self._home.store, chosen).id)

    def experiments(self, experiment: Chosen = None) -> "pd.DataFrame":
        """Return one row for each experiment."""
        return self._frame("experiments", experiment, ())

    def trials(self, experiment: Chosen = None, where: Where = ()) -> "pd.DataFrame":
        """Return one row for each trial, and for each job that has none yet.

        Columns `params.NAME` have the default of a param that was not given.
        """
        return self._frame("trials", experiment, where)

    def epochs(self, experiment: Chosen = None, where: Where = ()) -> "pd.DataFrame":
        """Return one row for each epoch of each trial."""
        return self._frame("epochs", experiment, where)

    def evaluations(self, experiment: Chosen = None, where: Where = ()) -> "pd.DataFrame":
        """Return one row for each evaluation; `where` is about the trial."""
        return self._frame("evaluations", experiment, where)

    def predictions(self, experiment: Chosen = None, where: Where = ()) -> "pd.DataFrame":
        """Return one row for each image of each evaluation, except those of folds."""
        return self._frame("predictions", experiment, where)

    def explanations(self, experiment: Chosen = None, where: Where = ()) -> "pd.DataFrame":
        """Return one row for each explanation; `where` is about the trial."""
        return self._frame("explanations", experiment, where)

    def optuna_storage(self) -> "RunnerStorage":
        """Return the store as a storage of Optuna's, with each experiment that trains as a study.

        They are read when Optuna asks, so that `optuna-dashboard` follows a running experiment.
        """
        from runner.reports.experiment.optuna_study import Studies
        from runner.search.storage import RunnerStorage

        return RunnerStorage(self._home.store, Studies(self._home.store))

    def _frame(self, what: str, experiment: Chosen, where: Where) -> "pd.DataFrame":
        from runner.api.frames.reading import read

        return read(self._home.store_if_any(), what, experiment, where)

    def _submit(self, request: AnyRequest) -> Experiment:
        return self._said(submit(self._home, request))

    def _said(self, submitted: tuple[Experiment, list[Note]]) -> Experiment:
        """Warn of what there is to say about a new experiment; return it."""
        experiment, notes = submitted
        for note in notes:
            if note.warning:
                warnings.warn(note.text, stacklevel=4)
        return experiment

    def __repr__(self) -> str:
        return f"<runner.Client: {self._home.name}>"

    def _repr_html_(self) -> str:
        from runner.api.display import experiments_html

        return experiments_html(self._home)
