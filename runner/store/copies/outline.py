"""What tells whether an experiment of a copy is one that a store has: its numbers play no part."""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.store.copies.tables import Row, Rows

# Of each table the columns that decide whether results are the same; verdicts are judged again.
COMPARED: Mapping[str, tuple[str, ...]] = {
    "jobs": ("state",),
    "epochs": ("epoch", "loss", "accuracy", "val_loss", "val_accuracy"),
    "trials": ("model", "epochs", "seed"),
    "evaluations": ("split", "predictions", "loss", "accuracy"),
    "explanations": ("image", "label", "weights"),
    "activations": ("image", "layer", "output"),
}


def outline(rows: Rows) -> dict[str, list[list[Any]]]:
    """Return the results of one experiment by table, each with the number of its job in it."""
    numbers = {job["id"]: job["number"] for job in rows["jobs"]}
    return {
        table: sorted(
            [numbers[row["id" if table == "jobs" else "job_id"]], *(row[name] for name in names)]
            for row in rows[table]
        )
        for table, names in COMPARED.items()
    }


def each_experiment(rows: Rows) -> Iterator[tuple[Row, Rows]]:
    """Yield the experiments of a copy, those that others are about first, each with its rows."""
    jobs = {job["id"]: job["experiment_id"] for job in rows["jobs"]}
    evaluations = {row["id"]: jobs[row["job_id"]] for row in rows["evaluations"]}
    trials = {row["id"]: jobs[row["job_id"]] for row in rows["trials"]}

    def owner(row: Row) -> int:
        if "experiment_id" in row:
            return int(row["experiment_id"])
        if "job_id" in row:
            return int(jobs[row["job_id"]])
        owned = trials[row["trial_id"]] if "trial_id" in row else evaluations[row["evaluation_id"]]
        return int(owned)

    parts: dict[int, dict[str, list[Row]]] = {
        experiment["id"]: {table: [] for table in rows} for experiment in rows["experiments"]
    }
    for table, those in rows.items():
        if table not in ("workers", "experiments"):
            for row in those:
                parts[owner(row)][table].append(row)
    for experiment in sorted(rows["experiments"], key=lambda row: int(row["id"])):
        yield experiment, parts[experiment["id"]]
