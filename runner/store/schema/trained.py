"""What a job trains: its seed, params and epochs, from the trial once there is one.

Of a query that joins jobs and their experiments, and trials on the left.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, case, cast, func, null

from cifar_model.params import DEFAULTS
from runner.store.schema.results import Trial
from runner.store.schema.work import Experiment, Job


def _unless_patient(params: Any, asked: Any, otherwise: Any) -> ColumnElement[Any]:
    """Return `asked` of params with a patience, which may have ended a trial before its epochs."""
    patience = func.coalesce(params["patience"].as_float(), 0)
    return case((patience > 0, asked), else_=otherwise)


# Those of a trial, or those that its job will train.
PARAMS = func.coalesce(Trial.params, Job.configuration["params"], type_=JSON())
# These override the epochs of the params; in stores of earlier versions those of trials too.
EPOCHS = _unless_patient(
    PARAMS, null(), func.coalesce(Trial.epochs, Experiment.configuration["epochs"].as_integer())
)
# The epochs of the params, of a query of trials alone.
EPOCHS_OF_TRIAL = _unless_patient(
    Trial.params,
    func.coalesce(Trial.params["epochs"].as_integer(), DEFAULTS["epochs"]),
    Trial.epochs,
)
# None is the paper's.
NETWORK = func.coalesce(Trial.network, Experiment.configuration["network"], type_=JSON())
SEED = func.coalesce(
    Trial.seed, cast(Job.configuration["seed"].as_string(), BigInteger), Experiment.seed
)
