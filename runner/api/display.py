"""How experiments, trials and reports look in a notebook: the parts of their reports as HTML."""

from cifar_model.errors import printable
from runner.api.home import Home
from runner.reports.experiment.document import (
    ExperimentDocument,
    chosen_experiment,
    report_document,
)
from runner.reports.experiment.report import experiment_report
from runner.reports.formats.html import as_fragment
from runner.reports.formats.terminal import as_terminal
from runner.reports.model import Note, Table
from runner.reports.trial import trial_document, trial_tables
from runner.specs import Configuration
from runner.store import queries
from runner.store.engine import Store

SHOWN_EXPERIMENTS = 20
# A notebook is no place for the tables of more jobs; frames are.
MOST_JOBS = 1000


class Report:
    """The report of an experiment: shown with its figures in a notebook, else as text."""

    def __init__(self, store: Store, number: int) -> None:
        self._store = store
        self.document: ExperimentDocument = report_document(store, number)

    def __str__(self) -> str:
        report = experiment_report(self._store, self.document)
        # Without figures nothing is written, so that there is no directory to name.
        from pathlib import Path

        return as_terminal(report.title, report.lay_out([]), Path())

    def __repr__(self) -> str:
        return f"<runner report of experiment {self.document.experiment}>"

    def _repr_html_(self) -> str:
        report = experiment_report(self._store, self.document)
        return as_fragment(report.title, [*report.lay_out(report.draw()), *report.appendix()])


def experiments_html(home: Home) -> str:
    """Return the newest experiments."""
    store = home.store_if_any()
    if store is None:
        note = Note("There is no results store yet: the first experiment creates it.")
        return as_fragment(home.name, [note])
    found = queries.experiments(store, SHOWN_EXPERIMENTS)
    rows = [
        [
            *(each.id, each.kind, Configuration(each.configuration).dataset.title, each.jobs),
            *each.states.values(),
        ]
        for each in found
    ]
    if not found:
        return as_fragment(home.name, [Note("no experiments yet")])
    columns = ("experiment", "kind", "dataset", "jobs", *found[0].states)
    return as_fragment(home.name, [Table(f"The newest {len(rows)} experiments", columns, rows)])


def experiment_html(store: Store, number: int, words: str) -> str:
    """Return an experiment's state and the tables of its report."""
    _, jobs = chosen_experiment(store, number)
    if jobs > MOST_JOBS:
        note = Note(f"{jobs:,} jobs are too many to show: see .trials() and .report()")
        return as_fragment(printable(words), [note])
    report = experiment_report(store, report_document(store, number))
    return as_fragment(printable(words), report.lay_out([]))


def trial_html(store: Store, number: int) -> str:
    """Return the tables of `runner show`."""
    document = trial_document(store, trial=number)
    return as_fragment(f"Trial {number}", list(trial_tables(document)))
