"""Which explanations are of a trial as it ended, and which are of an earlier epoch of it.

A job of `submit explain --epochs-of-life` that explains an earlier epoch has it in its
configuration.
"""

from sqlalchemy import ColumnElement, select

from runner.store.schema.results import Explanation
from runner.store.schema.work import Experiment, Job

EPOCH = Job.configuration["epoch"].as_integer()


def of_epoch(epoch: int) -> ColumnElement[bool]:
    """Return the condition that a job explains an earlier epoch, this one."""
    same: ColumnElement[bool] = EPOCH.in_([epoch])
    return same


def of_last_epoch() -> ColumnElement[bool]:
    """Return the condition that an explanation is of a trial as it ended."""
    # Nearly no experiment has such jobs, so the jobs of the others are not looked at.
    asked = Experiment.configuration["epochs_of_life"].as_string().is_not(None)
    experiments = select(Experiment.id).where(asked)
    earlier = select(Job.id).where(Job.experiment_id.in_(experiments), EPOCH.is_not(None))
    return Explanation.job_id.not_in(earlier)
