"""The migrations and the schema in the code say the same, on both databases."""

import math
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError

from cifar_model.results import LOSS_RULE
from runner.store import migrations
from runner.store.engine import HEAD, Store, upgrade
from runner.store.schema import Artifact, Base, Job, Trial
from runner.store.schema.views import VIEWS, columns_of_view, drop_views
from tests.runner.reports.explained import explained, weights
from tests.runner.store.making import (
    InProcesses,
    make_empty,
    make_experiment,
    make_trial,
    rows,
    run,
    value,
)

COLUMNS_OF_RULES = [(table, "loss_rule") for table in ("epochs", "trials", "evaluations")] + [
    ("evaluations", "keras_loss"),
    ("evaluations", "keras_accuracy"),
]

# What refers to artifacts.
INDEXED = {
    "activations": ("output",),
    "evaluations": ("labels", "predictions"),
    "explanations": ("picture", "segments"),
    "probabilities": ("artifact",),
    "trials": ("model",),
}

# What came with trainers that report any metrics.
OF_METRICS = (
    *(("epochs", "metrics"), ("trials", "metrics")),
    *(("trials", "objective"), ("trials", "predictor")),
)

# What came with networks of users.
OF_NETWORKS = (
    *(("trials", "network"), ("trials", "backend"), ("trials", "ended_by")),
    ("workers", "offers"),
)


def test_the_head_in_the_code_is_the_newest_revision() -> None:
    scripts = ScriptDirectory(str(Path(str(migrations.__file__)).parent))
    assert scripts.get_heads() == [HEAD]


def test_alembic_finds_no_difference_between_the_migrations_and_the_schema(
    database_url: str,
) -> None:
    upgrade(database_url)
    with Store(database_url).read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_make_what_the_schema_makes_checks_and_indexes_included(
    database_url: str,
) -> None:
    make_empty(database_url)
    store = Store(database_url)
    with store.write() as connection:
        Base.metadata.create_all(connection)
        from_schema = described(connection)
        Base.metadata.drop_all(connection)
    store.upgrade()
    with store.read() as connection:
        assert described(connection) == from_schema
    store.close()
    assert from_schema["jobs"]["checks"]


def described(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return all that the database says of each table, in no order of its own."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": by_name(inspector.get_foreign_keys(table)),
            "unique": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "indexes": by_name(inspector.get_indexes(table)),
        }
        for table in Base.metadata.tables
    }


def by_name(constraints: Any) -> dict[str, dict[str, str]]:
    return {constraint["name"]: in_words(constraint) for constraint in constraints}


def in_words(constraint: dict[str, Any]) -> dict[str, str]:
    options = constraint.pop("dialect_options", {})
    return {name: str(value) for name, value in (constraint | options).items()}


def test_an_upgrade_of_a_database_that_is_up_to_date_changes_nothing(store: Store) -> None:
    make_experiment(store)
    store.upgrade()
    assert rows(store, "experiments") == 1


def test_of_several_upgrades_at_once_one_does_it(
    database_url: str, in_processes: InProcesses
) -> None:
    in_processes(4, lambda _: upgrade(database_url))
    store = Store(database_url)
    assert store.revision() == HEAD
    store.close()


def test_losses_that_were_stored_before_there_were_rules_are_of_the_first(
    database_url: str,
) -> None:
    upgrade(database_url)
    store = Store(database_url)
    trial = make_trial(store)
    assert value(store, "SELECT loss_rule FROM trials WHERE id = :id", id=trial) == LOSS_RULE
    take_back_names(store)
    for table, column in COLUMNS_OF_RULES:
        run(store, f"ALTER TABLE {table} DROP COLUMN {column}")
    run(store, "UPDATE alembic_version SET version_num = '0002'")
    store.upgrade()
    assert value(store, "SELECT loss_rule FROM trials WHERE id = :id", id=trial) == 1
    assert value(store, "SELECT loss_rule FROM epochs") == 1
    store.close()


def test_explanations_by_the_method_that_was_renamed_are_kept(database_url: str) -> None:
    upgrade(database_url)
    store = Store(database_url)
    explained(store, {0: {0: weights(0)}, 1: {0: weights(1)}})
    take_back_names(store)
    take_back_method(store, database_url)
    store.close()
    store = Store(database_url)
    run(store, "UPDATE alembic_version SET version_num = '0003'")
    run(store, "UPDATE explanations SET method = 'gradients' WHERE image = 1")
    content = "SELECT weights FROM explanations WHERE image = 1"
    kept = value(store, content)
    store.upgrade()
    assert value(store, "SELECT method FROM explanations WHERE image = 0") == "lime"
    assert value(store, "SELECT method FROM explanations WHERE image = 1") == "integrated_gradients"
    assert value(store, content) == kept
    store.close()


def take_back_method(store: Store, database_url: str) -> None:
    """Let the check of the method have the name of earlier versions."""
    if database_url.startswith("sqlite:"):
        with store.write() as connection:
            connection.exec_driver_sql("PRAGMA writable_schema = ON")
            connection.exec_driver_sql(
                "UPDATE sqlite_master SET sql = replace(sql, 'integrated_gradients', 'gradients')"
                " WHERE name = 'explanations'"
            )
        return
    check = "ck_explanations_method"
    run(store, f"ALTER TABLE explanations DROP CONSTRAINT {check}")
    methods = "'lime', 'occlusion', 'gradcam', 'gradients'"
    run(store, f"ALTER TABLE explanations ADD CONSTRAINT {check} CHECK (method IN ({methods}))")


def test_experiments_that_were_stored_before_there_were_names_have_none(database_url: str) -> None:
    upgrade(database_url)
    store = Store(database_url)
    experiment = make_experiment(store)
    take_back_names(store)
    run(store, "UPDATE alembic_version SET version_num = '0004'")
    store.upgrade()
    assert store.revision() == HEAD
    for column in ("name", "note", "archived_at"):
        assert value(store, f"SELECT {column} FROM experiments WHERE id = {experiment}") is None  # noqa: S608 (our own)
    store.close()


def take_back_names(store: Store) -> None:
    """Undo what came with names, tags and deletion, the views that have them, and what followed."""
    take_back_networks(store)
    run(store, "DROP INDEX uq_experiments_name")
    for column in ("name", "note", "archived_at"):
        run(store, f"ALTER TABLE experiments DROP COLUMN {column}")
    for table in ("experiment_tags", "deleted_experiments"):
        run(store, f"DROP TABLE {table}")
    for table, columns in INDEXED.items():
        for column in columns:
            run(store, f"DROP INDEX ix_{table}_{column}")


def test_trials_that_were_stored_before_there_were_networks_have_the_papers(
    database_url: str,
) -> None:
    upgrade(database_url)
    store = Store(database_url)
    trial = make_trial(store)
    take_back_networks(store)
    run(store, "UPDATE alembic_version SET version_num = '0006'")
    store.upgrade()
    assert store.revision() == HEAD
    of_trial = f"FROM trials WHERE id = {trial}"
    assert value(store, f"SELECT network {of_trial}") is None
    assert value(store, f"SELECT backend {of_trial}") is None
    assert value(store, f"SELECT ended_by {of_trial}") == "epochs"
    store.close()


def take_back_networks(store: Store) -> None:
    """Undo what came with networks of users, and what followed."""
    take_back_starts(store)
    for table, column in OF_NETWORKS:
        run(store, f"ALTER TABLE {table} DROP COLUMN {column}")
    run(store, "DROP TABLE experiment_code")


def test_params_with_an_earlier_name_get_their_present_one(database_url: str) -> None:
    upgrade(database_url)
    store = Store(database_url)
    make_trial(store)
    earlier = {"augment": True, "lr": 0.1}
    with store.write() as connection:
        connection.execute(update(Trial).values(params=earlier))
        connection.execute(update(Job).values(configuration={"params": earlier, "seed": 1}))
    take_back_starts(store)
    run(store, "UPDATE alembic_version SET version_num = '0007'")
    store.upgrade()
    present = {"lr": 0.1, "augmentation": "paper"}
    with store.read() as connection:
        assert connection.scalar(select(Trial.params)) == present
        assert connection.scalar(select(Job.configuration)) == {"params": present, "seed": 1}
    store.close()


def take_back_starts(store: Store) -> None:
    """Undo what came with the weights that trials start from, and what followed."""
    take_back_metrics(store)
    run(store, "DROP TABLE experiment_init")


def take_back_window(store: Store) -> None:
    """Undo what came with the window of messages, and what followed."""
    take_back_submissions(store)
    for index in ("new", "begun", "sent"):
        run(store, f"DROP INDEX ix_jobs_{index}")
    run(store, "CREATE INDEX ix_jobs_pending ON jobs (enqueued_at, id) WHERE state = 'pending'")


def take_back_rules(store: Store) -> None:
    """Undo what came with the rules of verdicts but the check of the method, and what followed."""
    take_back_reuse(store)
    run(store, "DROP TABLE randomisations")
    for column in ("rules", "evidence"):
        run(store, f"ALTER TABLE explanations DROP COLUMN {column}")


def take_back_reuse(store: Store) -> None:
    """Undo what came with trials that are reused, the views, and what followed."""
    with store.write() as connection:
        drop_views(connection)
    run(store, "DROP INDEX ix_jobs_message_of")
    run(store, "ALTER TABLE jobs DROP COLUMN message_of")
    run(store, "DROP TABLE optuna_log")
    run(store, "DROP INDEX ix_trials_identity")
    for column in ("identity", "reused"):
        run(store, f"ALTER TABLE trials DROP COLUMN {column}")


def test_verdicts_that_were_stored_before_there_were_rules_are_by_the_first(
    database_url: str,
) -> None:
    upgrade(database_url)
    store = Store(database_url)
    explained(store, {0: {0: weights(0)}})
    take_back_rules(store)
    run(store, "UPDATE alembic_version SET version_num = '0013'")
    store.upgrade()
    assert value(store, "SELECT rules FROM explanations") == 1
    assert value(store, "SELECT evidence FROM explanations") is None
    run(store, "UPDATE explanations SET method = 'kernel_shap'")
    with pytest.raises(IntegrityError):
        run(store, "UPDATE explanations SET method = 'tea leaves'")
    store.close()


def take_back_metrics(store: Store) -> None:
    """Undo what came with trainers that report any metrics, the views, and what followed."""
    take_back_window(store)
    for table, column in OF_METRICS:
        run(store, f"ALTER TABLE {table} DROP COLUMN {column}")


def take_back_submissions(store: Store) -> None:
    """Undo what came with later submissions to an experiment, and what followed."""
    take_back_rules(store)
    run(store, "DROP INDEX ix_experiments_priority")
    run(store, "ALTER TABLE experiments DROP COLUMN priority")
    run(store, "DROP TABLE submissions")
    run(store, "DROP INDEX uq_jobs_point")
    run(store, "ALTER TABLE jobs DROP COLUMN point")


def test_a_store_from_before_trainers_with_any_metrics_takes_them(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        to = command.upgrade
        before.setattr(command, "upgrade", lambda config, _: to(config, "0008"))
        upgrade(database_url)
    store = Store(database_url)
    with store.write() as connection:
        connection.execute(insert(Artifact).values(sha256="0" * 64, size=1, content=b"x"))
    run(
        store,
        "INSERT INTO experiments (kind, seed, configuration, provenance, created_at)"
        " VALUES ('train', 1, '{}', '{}', '2026-11-28 00:00:00')",
    )
    run(
        store,
        "INSERT INTO jobs (experiment_id, number, configuration, state, attempts, lost,"
        " created_at, any_machine)"
        " VALUES (1, 1, '{}', 'pending', 0, 0, '2026-11-28 00:00:00', :no)",
        no=False,
    )
    old = (
        "INSERT INTO trials (job_id, params, seed, dataset, epochs, best_epoch, loss, accuracy,"
        " val_loss, val_accuracy, best_val_accuracy, seconds, fingerprint, model, created_at)"
        " VALUES (1, '{}', 1, '{}', 1, 1, 0.5, 0.5, 0.5, :score, :score, 1, 'm', :model,"
        " '2026-11-28 00:00:00')"
    )
    run(store, old, score=0.25, model="0" * 64)
    with pytest.raises(IntegrityError):
        run(store, "UPDATE trials SET val_accuracy = NULL")
    store.upgrade()
    assert value(store, "SELECT objective FROM v_trials") == "val_accuracy"
    assert value(store, "SELECT best_val_accuracy FROM trials") == 0.25
    run(store, "UPDATE trials SET val_accuracy = NULL, objective = 'val_loss'")
    run(store, "UPDATE trials SET val_accuracy = NULL")
    with pytest.raises(IntegrityError):
        run(store, "UPDATE trials SET val_loss = :loss", loss=math.inf)
    store.close()


@pytest.mark.parametrize(
    "revision",
    [
        "0001",
        "0002",
        "0003",
        "0004",
        "0005",
        "0006",
        "0007",
        "0008",
        *("0009", "0010", "0012", "0013", "0014", "0015", "0016"),
    ],
)
def test_an_upgrade_from_every_revision_makes_the_views(
    database_url: str, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    with monkeypatch.context() as before:
        to = command.upgrade
        before.setattr(command, "upgrade", lambda config, _: to(config, revision))
        upgrade(database_url)
    store = Store(database_url)
    assert views(store) == {}
    store.upgrade()
    # Also where there are views already, which a revision could not change a table under.
    take_back_networks(store)
    run(store, "CREATE VIEW v_trials AS SELECT * FROM trials")
    run(store, "UPDATE alembic_version SET version_num = '0006'")
    store.upgrade()
    assert views(store) == {view: columns_of_view(view) for view in VIEWS}
    store.close()


def views(store: Store) -> dict[str, list[str]]:
    with store.read() as connection:
        inspector = inspect(connection)
        return {
            view: [column["name"] for column in inspector.get_columns(view)]
            for view in inspector.get_view_names()
        }
