"""What a job trains: its seed, params and epochs, from the trial once there is one.

Of a query that joins jobs and their experiments, and trials on the left.
"""

from sqlalchemy import JSON, BigInteger, cast, func

from runner.store.schema.results import Trial
from runner.store.schema.work import Experiment, Job

# Those of a trial, or those that its job will train.
PARAMS = func.coalesce(Trial.params, Job.configuration["params"], type_=JSON())
# These override the epochs of the params; in stores of earlier versions those of trials too.
EPOCHS = func.coalesce(Trial.epochs, Experiment.configuration["epochs"].as_integer())
# None is the paper's.
NETWORK = func.coalesce(Trial.network, Experiment.configuration["network"], type_=JSON())
SEED = func.coalesce(
    Trial.seed, cast(Job.configuration["seed"].as_string(), BigInteger), Experiment.seed
)
