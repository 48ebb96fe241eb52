"""The states of jobs and attempts, and the kinds of experiments, each written once."""

from enum import StrEnum


class Kind(StrEnum):
    """What an experiment does; also the CLI subcommand and the Celery task name."""

    TRAIN = "train"
    TUNE = "tune"
    EVALUATE = "evaluate"
    EXPLAIN = "explain"


class JobState(StrEnum):
    """Where a job is; a lost or released job is pending again."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
# Named one by one, they are found in an index.
UNSUCCESSFUL = tuple(state for state in JobState if state != JobState.SUCCEEDED)


class AttemptState(StrEnum):
    """How one try at a job stands or ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"
    RELEASED = "released"
    CANCELLED = "cancelled"
