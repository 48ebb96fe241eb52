"""Build the document of an experiment: plain JSON that every form of a report is made from.

Its fields are described in docs/reference.md. This and `trial` are all that reads the store, but
for the arrays that figures are drawn from.
"""

from collections.abc import Sequence
from typing import Any

from runner.reports.evaluation import evaluation_rows, folds_summary
from runner.reports.experiment.warnings import training_warnings
from runner.reports.explanation.rows import activation_rows, explanation_rows
from runner.reports.formats.talos_log import analysis
from runner.reports.lookup import experiment_row, newest_number
from runner.reports.selection import noise, winner
from runner.reports.stats.ranking import ranked, scan_summary, trial_rows
from runner.reports.stats.repeats import repeated
from runner.reports.stats.selection_bias import Chance, pooled
from runner.reports.stats.uncertainty import accuracy_interval
from runner.states import FINAL, JobState, Kind
from runner.store.engine import Connection, Store
from runner.store.queries import reports

Document = dict[str, Any]

TRAINS = (Kind.TRAIN, Kind.TUNE)

# What trials are ranked by.
METRIC = "val_accuracy"


def chosen_experiment(store: Store, number: int | None) -> tuple[int, int]:
    """Return the experiment that is meant, the newest with results by default, and its jobs."""
    with store.read() as connection:
        found = newest_number(connection) if number is None else number
        return found, reports.count_jobs(connection, found)


def report_document(store: Store, number: int | None) -> Document:
    """Return the document of an experiment; without a number, of the newest that has results."""
    with store.read() as connection:
        if number is None:
            number = newest_number(connection)
        experiment = experiment_row(connection, number)
        jobs = reports.jobs(connection, experiment=number)
        configuration = dict(experiment["configuration"])
        dataset = configuration.pop("dataset")
        document = {
            "experiment": number,
            "kind": experiment["kind"],
            "dataset": dataset,
            "trained_on": _trained_on(connection, configuration, dataset),
            "seed": experiment["seed"],
            "configuration": configuration,
            "provenance": dict(experiment["provenance"]),
            "machines": [dict(row) for row in reports.machines(connection, number)],
            "created_at": experiment["created_at"].isoformat(timespec="milliseconds"),
            "ended_at": _ended_at(jobs),
            "states": _states(jobs),
            "jobs": [_job(job) for job in jobs],
        }
        document["trials"] = _trials(connection, document)
        document["repeats"] = repeated(document["trials"], METRIC)
        _add_selection(connection, document)
        folds = configuration.get("folds")
        evaluations = evaluation_rows(connection, experiment=number)
        return document | {
            "scan_summary": scan_summary(document) if document["kind"] in TRAINS else None,
            "analysis": analysis(document["trials"], METRIC)
            if document["kind"] in TRAINS
            else None,
            "evaluations": evaluations,
            "folds": folds_summary(evaluations, folds) if folds else None,
            "explanations": explanation_rows(connection, number, dataset["classes"]),
            "activations": activation_rows(connection, number),
            "warnings": training_warnings(connection, number, experiment["configuration"])
            if document["kind"] in TRAINS
            else [],
            "files": [],
        }


def _trained_on(
    connection: Connection, configuration: Document, dataset: dict[str, Any]
) -> dict[str, Any]:
    """Return the data set of the trials, which may not be the one whose images are explained."""
    trial = configuration.get("trial")
    return dataset if trial is None else dict(reports.jobs(connection, trial=trial)[0]["dataset"])


def _trials(connection: Connection, document: Document) -> list[dict[str, Any]]:
    """Return the trials that were trained, by rank, or the one that was evaluated or explained."""
    if document["kind"] in TRAINS:
        number = document["experiment"]
        jobs = reports.jobs(connection, experiment=number)
        return ranked(trial_rows(jobs, reports.epochs(connection, experiment=number)))
    jobs = reports.jobs(connection, trial=document["configuration"]["trial"])
    return trial_rows(
        jobs, [row for job in jobs for row in reports.epochs(connection, job=job["job"])]
    )


def _add_selection(connection: Connection, document: Document) -> None:
    """Add to every trained trial its interval and whether it is behind the best by noise only."""
    images = document["trained_on"]["images"]["validation"]
    scored = [trial for trial in document["trials"] if trial["val_accuracy"] is not None]
    trained = document["kind"] in TRAINS and scored
    chance = Chance(len(scored), pooled(document["repeats"]))
    for trial in scored:
        trial["val_accuracy_interval"] = accuracy_interval(trial["val_accuracy"], images)
        trial["noise"] = noise(scored[0], trial, METRIC, chance, images) if trained else None
    document["winner"] = winner(connection, scored[0], METRIC, chance, images) if trained else None


def _states(jobs: Sequence[reports.Row]) -> dict[str, int]:
    return {str(state): sum(job["state"] == state for job in jobs) for state in JobState}


def _ended_at(jobs: Sequence[reports.Row]) -> str | None:
    if any(job["state"] not in FINAL for job in jobs):
        return None
    latest: str = max(job["ended_at"] for job in jobs).isoformat(timespec="milliseconds")
    return latest


def _job(job: reports.Row) -> dict[str, Any]:
    fields = ("job", "number", "state", "attempts", "reason", "trial")
    return {field: job[field] for field in fields}
