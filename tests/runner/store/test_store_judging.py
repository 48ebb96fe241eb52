"""Stored explanations are judged again by the newest rules, from what is stored."""

import json
from dataclasses import asdict, replace
from operator import itemgetter
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from cifar_model.explanation.verdict import FIRST_RULES, RULES
from cifar_model.results import Evidence, Randomisation
from runner.errors import InputError
from runner.states import Kind
from runner.store.engine import Store
from runner.store.judging import judge_again
from runner.store.lifecycle.job_lifecycle import claim
from runner.store.lifecycle.results import write_randomisation
from tests.runner.reports.explained import explained, weights
from tests.runner.store.making import (
    DATASET,
    job_ids,
    make_experiment,
    make_trial,
    make_worker,
    run,
)
from tests.runner.store.test_store_results import table

EVIDENCE = Evidence(removed_random_low=0.5, input_correlation=0.9, other_correlation=0.1)


def as_json(cell: Any) -> Any:
    """Return a cell as PostgreSQL has it; SQLite has it as text."""
    return json.loads(cell) if isinstance(cell, str) else cell


def test_verdicts_by_earlier_limits_are_made_again(store: Store) -> None:
    experiment = explained(
        store, {0: {0: weights(0)}, 1: {0: weights(1)}, 2: {0: None}}, evidence=EVIDENCE
    )
    run(store, "UPDATE explanations SET verdict = 'weak', reason = 'x', rules = 1 WHERE image = 0")
    run(store, "UPDATE explanations SET removed = 0.7 WHERE image = 1")
    done = judge_again(store, experiment)
    assert (done.judged, done.changed, done.kept, done.rules) == (2, 2, 1, RULES)
    first, second, void = sorted(table(store, "explanations"), key=itemgetter("image"))
    assert (first["verdict"], first["rules"]) == ("sound", RULES)
    assert as_json(first["evidence"]) == asdict(EVIDENCE)
    assert second["verdict"] == "weak"
    assert "lowers the probability only from " in second["reason"]
    assert void["verdict"] == "void"
    assert judge_again(store, experiment).changed == 0


def test_explanations_without_evidence_keep_their_verdict_and_its_rules(store: Store) -> None:
    experiment = explained(store, {0: {0: weights(0)}})
    run(store, "UPDATE explanations SET rules = 1, verdict = 'weak'")
    assert judge_again(store, experiment).kept == 1
    (row,) = table(store, "explanations")
    assert (row["rules"], row["verdict"], row["evidence"]) == (FIRST_RULES, "weak", None)


def test_evidence_without_held_out_images_keeps_the_verdict_and_its_rules(store: Store) -> None:
    experiment = explained(store, {0: {0: weights(0)}, 1: {0: weights(1)}}, evidence=EVIDENCE)
    run(store, "UPDATE explanations SET rules = 2, verdict = 'weak'")
    earlier = '{"removed_random_low": 0.5}'
    with store.write() as connection:
        query = text("UPDATE explanations SET evidence = :evidence WHERE image = 0")
        connection.execute(query, {"evidence": earlier})
    done = judge_again(store, experiment)
    assert (done.judged, done.kept) == (1, 1)
    kept, judged = sorted(table(store, "explanations"), key=itemgetter("image"))
    assert (kept["rules"], kept["verdict"]) == (2, "weak")
    assert (judged["rules"], judged["verdict"]) == (RULES, "sound")


def test_an_experiment_without_explanations_is_refused(store: Store) -> None:
    experiment = make_experiment(store)
    with pytest.raises(InputError, match=r"\(tune\) has no explanations"):
        judge_again(store, experiment)
    with pytest.raises(InputError, match="there is no experiment 9999"):
        judge_again(store, 9999)


def test_two_jobs_that_measure_untrained_networks_at_once_store_the_first(store: Store) -> None:
    about = {"method": "lime", "segmentation": "small", "samples": 100}
    about |= {"dataset": DATASET, "threads": 1, "trial": make_trial(store), "labels": ["predicted"]}
    experiment = make_experiment(store, [{}] * 2, kind=Kind.EXPLAIN, configuration=about)
    worker = make_worker(store)
    first, second = (claim(store, job, worker) for job in job_ids(store, experiment))
    assert first is not None
    assert second is not None
    found = Randomisation(20, 0.25, 0.01, ["dense"], [0.25])
    failed: list[BaseException] = []

    def write_second() -> None:
        try:
            with store.write() as connection:
                write_randomisation(connection, second, replace(found, fall=0.02))
        except BaseException as error:
            failed.append(error)
            raise

    with store.write() as connection:
        write_randomisation(connection, first, found)
        writing = Thread(target=write_second)
        writing.start()
        # It waits for this transaction, or comes after it.
        writing.join(0.3)
    writing.join(60)
    assert not writing.is_alive()
    assert failed == []
    (row,) = table(store, "randomisations")
    assert (row["fall"], row["correlation"], as_json(row["curve"])) == (0.01, 0.25, [0.25])
