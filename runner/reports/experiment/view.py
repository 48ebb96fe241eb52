"""Lay out the parts of a report: what it is about, what came out, and where that comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.reports.evaluation import evaluation_parts
from runner.reports.experiment.training import training_parts
from runner.reports.explanation.view import explanation_parts
from runner.reports.model import (
    Figure,
    Note,
    Part,
    Table,
    dataset_name,
    field_table,
    titled,
    without_folder,
)
from runner.states import JobState, Kind

LAYOUTS = {
    Kind.TRAIN: training_parts,
    Kind.TUNE: training_parts,
    Kind.EVALUATE: evaluation_parts,
    Kind.EXPLAIN: explanation_parts,
}


def report_title(document: Mapping[str, Any]) -> str:
    """Return the title of a report."""
    return titled(document, f"Experiment {document['experiment']}: {document['kind']}")


def report_parts(document: Mapping[str, Any], pictures: Sequence[Figure]) -> list[Part]:
    """Return the parts of a report, for a form to render."""
    layout = LAYOUTS[document["kind"]]
    return [
        *_heading(document),
        *_unfinished(document),
        *_not_reproducible(document),
        *_of_several_machines(document),
        *layout(document, pictures),
    ]


def provenance_parts(document: Mapping[str, Any]) -> list[Part]:
    """Return where the results come from: code, packages, machines and times."""
    provenance = dict(document["provenance"])
    packages = provenance.pop("packages", {})
    fields = {
        **provenance,
        "packages": ", ".join(f"{name} {version}" for name, version in packages.items()),
        "created_at": document["created_at"],
        "ended_at": document["ended_at"],
        "dataset": without_folder(document["dataset"]["name"]),
        "fingerprint": document["dataset"]["fingerprint"],
    }
    machines = document["machines"]
    columns = ("host", "device", "version", "jobs")
    return [
        field_table(titled(document, "Provenance"), fields),
        Table(
            titled(document, "Machines"),
            columns,
            [[machine[column] for column in columns] for machine in machines],
        ),
    ]


def _heading(document: Mapping[str, Any]) -> list[Part]:
    states = ", ".join(f"{count} {state}" for state, count in document["states"].items() if count)
    splits = document["dataset"]["images"].items()
    images = ", ".join(f"{count:,} {split}" for split, count in splits)
    return [
        Note(f"jobs: {states}; seed {document['seed']}"),
        Note(f"data: {dataset_name(document)}; images: {images}"),
        *_of_another_dataset(document),
        Note(f"command: {document['provenance']['command']}"),
    ]


def _of_another_dataset(document: Mapping[str, Any]) -> list[Part]:
    """Return a note if a trial was shown images of another data set than it was trained on."""
    trained_on = document["trained_on"]
    if trained_on["fingerprint"] == document["dataset"]["fingerprint"]:
        return []
    return [Note(f"trained on another data set: {dataset_name({'dataset': trained_on})}")]


def _not_reproducible(document: Mapping[str, Any]) -> list[Part]:
    """Return a warning for each trial that came out otherwise when it was trained again."""
    return [
        Note(
            f"Job {trial['job']} is not reproducible: trained again on the same machine, it gave"
            f" other numbers ({trial['not_reproducible']}).",
            warning=True,
        )
        for trial in document["trials"]
        if trial["not_reproducible"]
    ]


def _of_several_machines(document: Mapping[str, Any]) -> list[Part]:
    """Return a warning for each trial that began on one kind of machine and ended on another."""
    return [
        Note(
            f"Trial {trial['trial']} was trained on several kinds of machines, so none of them"
            f" gives the same numbers again: {', then '.join(trial['fingerprints'])}.",
            warning=True,
        )
        for trial in document["trials"]
        if trial["trial"] is not None and len(trial["fingerprints"]) > 1
    ]


def _unfinished(document: Mapping[str, Any]) -> list[Part]:
    """Return the jobs that have no result, with their reasons."""
    left = [job for job in document["jobs"] if job["state"] != JobState.SUCCEEDED]
    if not left:
        return []
    columns = ("job", "number", "state", "attempts", "reason")
    return [
        Note(f"{len(left)} of {len(document['jobs'])} jobs have no result.", warning=True),
        Table(
            titled(document, "Jobs without a result"),
            columns,
            [[job[column] for column in columns] for job in left],
        ),
    ]
