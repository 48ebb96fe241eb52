"""All that is read from the store; this holds what most callers ask for."""

from runner.store.queries.experiments import (
    Experiment,
    Job,
    JobToSend,
    Trial,
    Worker,
    experiment,
    experiments,
    jobs,
    jobs_to_send,
    trial,
    workers_alive,
)

__all__ = [
    "Experiment",
    "Job",
    "JobToSend",
    "Trial",
    "Worker",
    "experiment",
    "experiments",
    "jobs",
    "jobs_to_send",
    "trial",
    "workers_alive",
]
