"""Store what Python users submit, send its jobs, and name the call that results come from."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from runner.api import delivery
from runner.api.experiment import Experiment
from runner.api.home import Home
from runner.api.searching import default_of
from runner.api.submit import (
    AnyRequest,
    EvaluateRequest,
    ExplainRequest,
    TrainRequest,
    TuneRequest,
    new_submission,
)
from runner.reports.model import Note
from runner.store.engine import Store
from runner.store.lifecycle.experiments import NewExperiment
from runner.store.lifecycle.tuning.additions import Addition
from runner.submit.experiments import save_submission


def submit(home: Home, request: AnyRequest) -> tuple[Experiment, list[Note]]:
    """Submit a request; return its experiment, and what there is to say about it."""
    store = home.store_for(request)
    return save(home, store, new_submission(home.settings, store, request), command_of(request))


def save(
    home: Home, store: Store, new: NewExperiment | Addition, command: str
) -> tuple[Experiment, list[Note]]:
    """Store what was checked, as the result of a call, and send its jobs."""
    provenance = {**new.provenance, "command": command}
    saved = save_submission(store, replace(new, provenance=provenance))
    notes = [*delivery.submitted(store, saved), *delivery.send_saved(home.settings, store)]
    return Experiment(home, saved.experiment), notes


def command_of(request: AnyRequest) -> str:
    """Return the call that a request came from, as results are said to come from it."""
    given = {
        each.name: getattr(request, each.name)
        for each in fields(request)
        if getattr(request, each.name) != default_of(each)
    }
    return call_of(f"submit_{KINDS[type(request)]}", (), given)


def call_of(method: str, positional: tuple[Any, ...], given: Mapping[str, Any]) -> str:
    """Return the text of a call of a client's method."""
    arguments = [*map(repr, positional), *(f"{name}={value!r}" for name, value in given.items())]
    return f"client.{method}({', '.join(arguments)})"


KINDS: Mapping[type, str] = {
    TrainRequest: "train",
    TuneRequest: "tune",
    EvaluateRequest: "evaluate",
    ExplainRequest: "explain",
}
