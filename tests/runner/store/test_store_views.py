"""The views of `runner sql` say what the JSON of the reports says, on both databases."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import select, update

from cifar_model.params import DEFAULTS
from runner.reports.experiment.document import ExperimentDocument, report_document
from runner.reports.records import Evaluation, Explanation, RankedTrial, attribute
from runner.store.engine import Store
from runner.store.queries import reports
from runner.store.read_only import ask
from runner.store.schema import Experiment
from runner.store.schema.views import VIEWS, columns_of_view
from tests.runner.reports.stored import (
    store_evaluation,
    store_explanation,
    store_failure,
    store_folds,
    store_repeats,
    store_tune,
)
from tests.runner.store.making import job_ids, run

Row = dict[str, Any]


@pytest.fixture
def filled(store: Store) -> Store:
    """Offer a store with experiments of every kind, finished or not."""
    # As earlier versions stored it: the experiment overrides the epochs of the params.
    store_tune(
        store, [[0.5, 0.25], []], override=2, epochs=7, optimizer="nadam", augmentation="paper"
    )
    failed = store_tune(store, [[]], batch_norm_momentum=0.5, blocks=2)
    store_failure(store, job_ids(store, failed)[0], "DivergedError: nan")
    store_repeats(store, [0.5, 0.75])
    store_evaluation(store)
    store_folds(store, [0.5, 0.7], folds=3)
    store_explanation(store)
    store_explanation(store, verdict="void", other=1, normalised=True)
    run(store, "UPDATE evaluations SET keras_loss = 0.25, keras_accuracy = 0.5 WHERE fold IS NULL")
    with store.write() as connection:
        connection.execute(update(Experiment).where(Experiment.id == failed).values(name="failed"))
        connection.execute(
            update(Experiment)
            .where(Experiment.id == failed)
            .values(archived_at=Experiment.created_at)
        )
    return store


def answered(store: Store, view: str) -> list[Row]:
    with ask(store.url, f"SELECT * FROM {view} ORDER BY job, {KEYS[view]}", None) as answer:  # noqa: S608 (our own)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


KEYS = {
    "v_trials": "job",
    "v_epochs": "epoch",
    "v_evaluations": "evaluation",
    "v_explanations": "explanation",
}


def documents(store: Store) -> list[ExperimentDocument]:
    with store.read() as connection:
        numbers = list(connection.scalars(select(Experiment.id).order_by(Experiment.id)))
    return [report_document(store, number) for number in numbers]


def expected(store: Store, view: str) -> Iterator[Row]:
    for document in documents(store):
        match view:
            case "v_trials":
                yield from (trial_row(store, document, trial) for trial in in_order(document))
            case "v_epochs":
                yield from epoch_rows(store, document)
            case "v_evaluations":
                for evaluation in document.evaluations:
                    yield of_trial(store, document, evaluation)
            case _:
                for explanation in document.explanations:
                    yield of_trial(store, document, explanation)


def in_order(document: ExperimentDocument) -> list[RankedTrial]:
    return sorted(document.ranked, key=lambda trial: trial.number)


def about(store: Store, document: ExperimentDocument, job: int) -> Row:
    """Return the columns that say where a row comes from."""
    with store.read() as connection:
        attempt = reports.attempts(connection, job)[-1:]
        [row] = reports.jobs(connection, job=job)
        name, archived_at = connection.execute(
            select(Experiment.name, Experiment.archived_at).where(
                Experiment.id == document.experiment
            )
        ).one()
    return {
        "experiment": document.experiment,
        "experiment_name": name,
        "kind": document.kind,
        "job": job,
        "number": row.number,
        "state": row.state,
        "dataset": document.dataset.title,
        "data_fingerprint": document.dataset.fingerprint,
        "train_images": document.dataset.images.train,
        "val_images": document.dataset.images.validation,
        "created_at": document.created_at,
        "ended_at": iso(row.ended_at),
        "archived_at": iso(archived_at),
        "worker": attempt[0].worker if attempt else None,
        "host": attempt[0].host if attempt else None,
        "device": attempt[0].device if attempt else None,
        "started_at": iso(attempt[0].started_at) if attempt else None,
    }


def iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def trial_row(store: Store, document: ExperimentDocument, trial: RankedTrial) -> Row:
    params: Row = {"params": dict(trial.params), **DEFAULTS, **trial.params}
    params |= {"network": trial.network, "code": trial.code}
    fields = {name: getattr(trial, name) for name in trial.__dataclass_fields__}
    return fields | about(store, document, trial.job) | params


def epoch_rows(store: Store, document: ExperimentDocument) -> Iterator[Row]:
    for trial in in_order(document):
        for epoch in trial.epochs:
            yield trial_row(store, document, trial) | asdict(epoch)


def of_trial(store: Store, document: ExperimentDocument, of: Evaluation | Explanation) -> Row:
    [trial] = document.trials
    params: Row = {"params": dict(trial.params), **DEFAULTS, **trial.params}
    params |= {"network": trial.network, "code": trial.code}
    fields = {name.removesuffix("_"): getattr(of, name) for name in of.__dataclass_fields__}
    keras = getattr(of, "keras", None)
    return {
        **about(store, document, of.job),
        **params,
        "trial_seed": trial.seed,
        "keras_loss": keras.loss if keras else None,
        "keras_accuracy": keras.accuracy if keras else None,
        **fields,
    }


@pytest.mark.parametrize("view", VIEWS)
def test_every_value_of_every_row_is_that_of_the_json(filled: Store, view: str) -> None:
    found, wanted = answered(filled, view), list(expected(filled, view))
    assert len(found) == len(wanted) > 1
    for row, json_of in zip(found, wanted, strict=True):
        for column, value in row.items():
            read = json.loads(str(value)) if column in ("params", "classes") else value
            if column == "metrics":
                read = json.loads(str(value)) if value else {}
            assert read == json_of[attribute(column).removesuffix("_")], (column, row)


def test_the_views_have_the_columns_that_the_code_names(filled: Store) -> None:
    for view in VIEWS:
        assert list(answered(filled, view)[0]) == columns_of_view(view)


def test_a_question_about_params_is_the_same_on_both_databases(filled: Store) -> None:
    statement = (
        "SELECT optimizer, avg(val_accuracy), count(*), count(trial), sum(epochs), max(created_at)"
        " IS NULL FROM v_trials WHERE augmentation = 'paper' GROUP BY optimizer"
    )
    with ask(filled.url, statement, None) as answer:
        [row] = answer.rows
    assert row == ["nadam", 0.25, 2, 1, 4, False]


def test_sqlite_reads_the_params_of_a_job_once_and_not_with_every_epoch(
    sqlite_store: Store,
) -> None:
    by_param = plan(sqlite_store, "SELECT optimizer, avg(loss) FROM v_epochs GROUP BY optimizer")
    assert by_param[0] == "CO-ROUTINE of_jobs"
    of_a_job = plan(sqlite_store, "SELECT optimizer, loss FROM v_epochs WHERE job = 5")
    assert "SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)" in of_a_job


def plan(store: Store, statement: str) -> list[str]:
    with store.read() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        return [row.detail for row in rows]
