"""Build the document of `runner diff`: the same pictures, explained in two experiments.

Its fields are described in docs/reference.md. Explanations that say nothing are counted, and
compared with nothing.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from runner.errors import InputError
from runner.reports.explanation.pairs import LEFT_OUT, MEASURES, explanation_pairs
from runner.reports.explanation.rows import explanation_rows
from runner.reports.lookup import experiment_row
from runner.reports.stats.uncertainty import mean_interval
from runner.states import JobState, Kind
from runner.store.engine import Connection, Store
from runner.store.queries import reports

Row = Mapping[str, Any]

# What can differ between two experiments that explain the same pictures.
ASKED = ("trial", "method", "segmentation", "samples", "labels", "seed")

# What classes are ranked by. The overlap would not do: five regions are shown, however little four
# of them weigh, so it tells little of a network that looks at a single one.
DECIDES = "shared_weight"


def difference_document(store: Store, experiments: tuple[int, int]) -> dict[str, Any]:
    """Return how the explanations of two experiments differ, picture by picture and by class.

    Raises InputError if one of them does not explain, or they do not explain the same pictures.
    """
    with store.read() as connection:
        first, second = (_experiment(connection, number) for number in experiments)
        classes = first["dataset"]["classes"]
        _check_datasets(first, second)
        found = [_by_image(connection, number, classes) for number in experiments]
    common = found[0].keys() & found[1].keys()
    if not common:
        raise InputError(
            f"experiments {experiments[0]} and {experiments[1]} have no picture in common",
            "two experiments with some of the same --images",
            "submit one of them again with the --images of the other",
        )
    pairs = list(explanation_pairs(store, *found))
    return {
        "dataset": first.pop("dataset"),
        "experiments": [first, {name: second[name] for name in first}],
        "differ_in": [name for name in ASKED if first[name] != second[name]],
        "pictures": len(common),
        **_summary(pairs),
        "other_segments": sum(row["same_segments"] is False for row in pairs),
        "classes": _by_class(pairs),
        "pairs": pairs,
    }


def _experiment(connection: Connection, number: int) -> dict[str, Any]:
    """Return what an experiment was asked to explain, and how."""
    experiment = experiment_row(connection, number)
    if experiment["kind"] != Kind.EXPLAIN:
        raise InputError(
            f"experiment {number} is of kind {experiment['kind']}",
            "two experiments of kind explain",
            "`runner status` lists experiments with their kinds",
        )
    asked = {**experiment["configuration"], "seed": experiment["seed"]}
    (trained,) = reports.jobs(connection, trial=asked["trial"])
    jobs = reports.jobs(connection, experiment=number)
    return {
        "experiment": number,
        "command": experiment["provenance"]["command"],
        **{name: asked[name] for name in ASKED},
        "trained_on": trained["dataset"]["title"],
        "jobs": len(jobs),
        "jobs_without_result": sum(job["state"] != JobState.SUCCEEDED for job in jobs),
        "dataset": asked["dataset"],
    }


def _check_datasets(first: Row, second: Row) -> None:
    datasets = [of["dataset"] for of in (first, second)]
    if datasets[0]["fingerprint"] != datasets[1]["fingerprint"]:
        names = ", ".join(f"{of['title']} {of['fingerprint'][:12]}" for of in datasets)
        raise InputError(
            f"experiments {first['experiment']} and {second['experiment']} explain pictures of"
            f" different data sets: {names}",
            "two experiments that explain pictures of the same data set",
            "`runner submit explain --dataset` explains a trial on those of another",
        )


def _by_image(
    connection: Connection, number: int, classes: list[str]
) -> dict[int, list[dict[str, Any]]]:
    """Return the explanations of an experiment, a list for each picture."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in explanation_rows(connection, number, classes):
        found.setdefault(row["image"], []).append(row)
    if not found:
        raise InputError(
            f"experiment {number} has no explanation yet",
            "two experiments with results",
            f"wait for it with `runner watch {number}`",
        )
    return found


def _by_class(pairs: Sequence[Row]) -> list[dict[str, Any]]:
    """Return a row for each true class, the one that changed most first."""
    groups: dict[str, list[Row]] = {}
    for row in pairs:
        groups.setdefault(row["true_class"], []).append(row)
    rows = [{"true_class": name, **_summary(group)} for name, group in groups.items()]
    compared = sorted((row for row in rows if row["compared"]), key=lambda row: row[DECIDES])
    ranked = [{"rank": rank, **row} for rank, row in enumerate(compared, start=1)]
    return ranked + [{"rank": None, **row} for row in rows if not row["compared"]]


def _summary(pairs: Sequence[Row]) -> dict[str, Any]:
    """Return how many were compared, why others were not, and the means."""
    compared = [row for row in pairs if row["left_out"] is None]
    means = {name: _of_pictures(compared, name) for name in MEASURES}
    return {
        "compared": len(compared),
        "compared_pictures": len(means[DECIDES]),
        **{reason: sum(row["left_out"] == reason for row in pairs) for reason in LEFT_OUT},
        **{name: fmean(values) if values else None for name, values in means.items()},
        **{f"{name}_interval": _interval(means[name]) for name in (DECIDES, "overlap")},
    }


def _of_pictures(pairs: Sequence[Row], name: str) -> list[float]:
    """Return the mean of each picture, so that one with several classes counts once."""
    values: dict[int, list[float]] = {}
    for row in pairs:
        if row[name] is not None:
            values.setdefault(row["image"], []).append(row[name])
    return [fmean(found) for found in values.values()]


def _interval(shares: Sequence[float]) -> list[float] | None:
    if len(shares) < 2:
        return None
    low, high = mean_interval(shares)
    return [max(0.0, low), min(1.0, high)]
