"""Compare what the best trials of an experiment look at, if they have been explained."""

from collections.abc import Mapping, Sequence

from cifar_model.objective import score
from runner.reports.explanation.agreement import MEASURES, Agreement, compared
from runner.reports.lookup import experiment_row
from runner.reports.model import Note, Part, Table
from runner.reports.records import RankedTrial, values
from runner.store.engine import Connection, Store
from runner.store.queries import reports
from runner.store.queries.rows import ExperimentRow

# Every two of them are compared, so only the best trials are.
MOST = 8

COLUMNS = ("experiment", *MEASURES)


def looks_of(store: Store, trials: Sequence[RankedTrial]) -> list[Agreement] | None:
    """Compare the explanations of the best of some trials, by rank.

    None unless two trials have explanations of the same images by the same method.
    """
    places = {trial.trial: place for place, trial in enumerate(trials)}
    with store.read() as connection:
        chosen = _alike(connection, places)
    chosen = sorted(chosen, key=lambda row: places[row.configuration.trial])[:MOST]
    found = compared(store, chosen) if len(chosen) > 1 else None
    if found is None or found.shared_weight is None:
        return None
    return sorted(found.experiments, key=lambda of: places[of.trial])


def _alike(connection: Connection, trials: Mapping[int | None, int]) -> list[ExperimentRow]:
    """Return the newest experiment that explains each trial, all in the way that most have."""
    numbers = reports.explaining(connection, [trial for trial in trials if trial is not None])
    by_way: dict[object, dict[int | None, ExperimentRow]] = {}
    for number in numbers:
        row = experiment_row(connection, number)
        asked = row.configuration
        way = (asked.dataset.fingerprint, asked.method, asked.segmentation)
        by_way.setdefault(way, {}).setdefault(asked.trial, row)
    return list(max(by_way.values(), key=len, default={}).values())


def looks_parts(
    title: str, found: Sequence[Agreement] | None, trials: Sequence[RankedTrial], by: str
) -> list[Part]:
    """Return a table of the trials whose explanations were compared, by rank."""
    if found is None:
        return []
    ranked = {trial.trial: trial for trial in trials}
    rows = []
    for of in found:
        trial = ranked[of.trial]
        rows.append([trial.rank, trial.trial, score(trial, by), *values(of, COLUMNS)])
    return [
        Table(title, ("rank", "trial", by, *COLUMNS), rows, sortable=True),
        Note(
            "The measures of a trial are means over the other trials in this table, on the images"
            " that all of them explain: how much of the weight lies on the same regions, beside"
            " what is expected by chance. `runner diff` with these experiments has every pair."
        ),
    ]
