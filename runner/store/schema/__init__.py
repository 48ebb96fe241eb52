"""The tables: what is stored, and what the database itself makes impossible."""

from runner.store.schema.base import Base, ago, now
from runner.store.schema.results import (
    Activation,
    Artifact,
    ConfusionCell,
    Epoch,
    Evaluation,
    Explanation,
    Probabilities,
    Randomisation,
    Trial,
)
from runner.store.schema.work import (
    Attempt,
    Checkpoint,
    DeletedExperiment,
    Event,
    Experiment,
    ExperimentCode,
    ExperimentInit,
    ExperimentTag,
    Job,
    Submission,
    Worker,
)

__all__ = [
    "Activation",
    "Artifact",
    "Attempt",
    "Base",
    "Checkpoint",
    "ConfusionCell",
    "DeletedExperiment",
    "Epoch",
    "Evaluation",
    "Event",
    "Experiment",
    "ExperimentCode",
    "ExperimentInit",
    "ExperimentTag",
    "Explanation",
    "Job",
    "Probabilities",
    "Randomisation",
    "Submission",
    "Trial",
    "Worker",
    "ago",
    "now",
]
