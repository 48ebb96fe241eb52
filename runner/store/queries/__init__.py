"""Queries of the store. This package exports those that most callers use."""

from runner.store.queries.experiments import (
    Experiment,
    Job,
    JobToSend,
    Trial,
    Worker,
    experiment,
    experiments,
    jobs,
    jobs_of_interest,
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
    "jobs_of_interest",
    "jobs_to_send",
    "trial",
    "workers_alive",
]
