"""Check what a tune should improve, before a row is written."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cifar_model.data import Description
from cifar_model.errors import did_you_mean
from cifar_model.objective import METRICS, PARAMETERS, RECALL
from runner.errors import InputError
from runner.searches import Constraint
from runner.store.lifecycle.experiments import NewExperiment
from runner.submit.experiments import Training

# What every network has of its trials; recalls are those of the classes of the data set.
OF_NETWORKS = (*METRICS, "seconds", PARAMETERS)

CONSTRAINT = re.compile(r"\s*([^<>=]+?)\s*(<=|>=|<|>)\s*([^<>=]+?)\s*")


@dataclass(frozen=True, slots=True)
class Aims:
    """The metrics that a tune improves, those of them that should be small, and its bounds."""

    objectives: Sequence[str]
    minimize: Sequence[str] = ()
    constraints: Sequence[Constraint] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what the configuration of an experiment says of it; nothing if nothing is."""
        if not self.objectives:
            return {}
        bounds = [[each.metric, each.operator, each.bound] for each in self.constraints]
        return {
            "objectives": list(self.objectives),
            "minimize": list(self.minimize),
            **({"constraints": bounds} if bounds else {}),
        }


def read_constraint(text: str) -> Constraint:
    """Read a bound such as `parameters<500000`."""
    found = CONSTRAINT.fullmatch(text)
    try:
        metric, operator, bound = found.groups() if found else ("", "", "")
        return Constraint(metric, operator, _finite(bound))
    except ValueError as error:
        raise InputError(
            f"--constraint {text!r} is not a bound",
            "a metric, one of < <= > >= and a number, as in 'parameters<500000'",
            "correct --constraint; quote it, because < and > mean something to the shell",
        ) from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def with_aims(new: NewExperiment, training: Training, aims: Aims) -> NewExperiment:
    """Return an experiment that says what it should improve."""
    check_aims(aims, training, new.configuration["dataset"])
    return replace(new, configuration={**new.configuration, **aims.to_json()})


def check_aims(aims: Aims, training: Training, described: Mapping[str, Any] | None) -> None:
    """Refuse what no trial records, objectives that are twice, and directions of others."""
    if doubled := [name for name in aims.objectives if aims.objectives.count(name) > 1]:
        raise InputError(
            f"--objective {doubled[0]} is given twice",
            "each objective once",
            "omit one of them",
        )
    if strange := [name for name in aims.minimize if name not in aims.objectives]:
        raise InputError(
            f"--minimize {strange[0]} is not one of the objectives",
            f"one of {', '.join(aims.objectives)}",
            "correct --minimize, or add --objective",
        )
    named = {"--objective": aims.objectives, "--constraint": [c.metric for c in aims.constraints]}
    for option, metrics in named.items():
        for metric in metrics:
            _check_metric(option, metric, training, described)


def _check_metric(
    option: str, metric: str, training: Training, described: Mapping[str, Any] | None
) -> None:
    name = training.network.name
    if training.network.trainer:
        if metric == PARAMETERS or metric.startswith(RECALL):
            raise InputError(
                f"{option} {metric} is not known of the model that the trainer {name} makes",
                "a metric that the trainer reports, or seconds",
                f"report it from the trainer under another name, or correct {option}",
            )
        return
    classes = Description.from_json(described).classes
    known = [*OF_NETWORKS, *(f"{RECALL}{label}" for label in classes)]
    if metric not in known:
        raise InputError(
            f"{option} {metric}: no trial of the network {name} has it",
            f"one of {', '.join(OF_NETWORKS)}, or the recall of a class, such as"
            f" {RECALL}{classes[0]}{did_you_mean(metric, known)}",
            f"correct {option}; trainers can report other metrics",
        )
