"""An exported experiment is the same in another store, and is stored once."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from cifar_model.data.description import stored_fold
from runner.bundle.checksums import write_checksums
from runner.bundle.experiments import export_checkpoint, export_experiments, import_experiments
from runner.errors import InputError
from runner.races import evaluation_key
from runner.reports.experiment.document import report_document
from runner.reports.records import plain
from runner.states import Kind
from runner.store.artifacts import get_artifact
from runner.store.copies.tables import TABLES
from runner.store.engine import Store, open_store
from runner.store.lifecycle.checkpoints import newest_checkpoint
from runner.store.lifecycle.deletion import delete_experiments
from runner.store.lifecycle.naming import Edit, edit
from runner.store.names import Label
from runner.store.queries.tuning.races import evaluation_of
from runner.store.schema import Base, Experiment
from runner.submit.experiments import new_evaluate, save
from tests.runner.reports.stored import (
    DATASET,
    store_evaluation,
    store_explanation,
    store_points,
    store_tune,
    train_epochs,
)
from tests.runner.store.making import FINGERPRINT, job_ids, make_experiment, rows, value

ROOT = Path(__file__).parents[3]
REFERENCE = sorted((ROOT / "results" / "reference" / "parts").iterdir())

NOT_COPIED = {"artifacts", "deleted_experiments", "optuna_log"}


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Store]:
    """Offer the store of another home."""
    store = open_store(f"sqlite:///{tmp_path / 'there.db'}")
    yield store
    store.close()


def store_all(store: Store) -> int:
    """Train two trials and leave a job pending; evaluate and explain one; name the experiment."""
    experiment = store_tune(store, [[0.5, 0.6], [0.7, 0.4], []])
    edit(store, experiment, Edit(Label("grid", ("good",), "a note")))
    trial = value(store, "SELECT max(id) FROM trials") - 1
    store_evaluation(store, trial)
    store_explanation(store, trial=trial)
    return experiment


def report(store: Store, experiment: int) -> Any:
    return plain(report_document(store, experiment))


def test_every_table_is_copied_or_known_not_to_be() -> None:
    assert {table.__tablename__ for table in TABLES} | NOT_COPIED == set(Base.metadata.tables)


@pytest.fixture
def exported(home_store: Store, tmp_path: Path) -> Path:
    """Offer an exported experiment of three jobs, with its evaluation and its explanation."""
    store_all(home_store)
    assert export_experiments(home_store, [1], tmp_path / "out", weights=True) == [1, 2, 3]
    return tmp_path / "out"


def test_its_file_has_a_line_for_each_row(exported: Path) -> None:
    text = (exported / "experiment.json").read_text()
    tables = [value for value in json.loads(text).values() if isinstance(value, list)]
    lines = [line for line in text.splitlines() if line.startswith('{"')]
    assert [json.loads(line.rstrip(",")) for line in lines] == [
        row for rows in tables for row in rows
    ]


def test_its_reports_are_the_same_in_another_home(
    home_store: Store, there: Store, exported: Path
) -> None:
    copied = import_experiments(there, exported)
    assert [(each.original, each.experiment, each.imported) for each in copied] == [
        (1, 1, True),
        (2, 2, True),
        (3, 3, True),
    ]
    for experiment in (1, 2, 3):
        assert report(there, experiment) == report(home_store, experiment)
    for table in set(Base.metadata.tables) - NOT_COPIED:
        assert rows(there, table) == rows(home_store, table)
    assert get_artifact(there, value(there, "SELECT model FROM trials WHERE id = 2")) == b""


def test_in_a_store_with_others_only_its_numbers_differ(
    home_store: Store, there: Store, exported: Path
) -> None:
    store_evaluation(there)
    assert [each.experiment for each in import_experiments(there, exported)] == [3, 4, 5]
    ours, theirs = report(home_store, 1), report(there, 3)
    # In the summary it is the name of the experiment that is numbered.
    numbers = ("experiment", "trial", "job", "trials_compared", "experiment_name", "winner")
    assert without(ours, numbers) == without(theirs, numbers)
    assert value(there, "SELECT trial_id FROM evaluations WHERE job_id > 2") == 2
    stored = json.loads(value(there, "SELECT configuration FROM experiments WHERE id = 4"))
    assert stored["trial"] == 2


@pytest.fixture
def exported_later(home_store: Store, tmp_path: Path) -> Path:
    """Offer the same, exported from a store with other experiments, which are not exported."""
    store_evaluation(home_store)
    store_all(home_store)
    assert export_experiments(home_store, [3], tmp_path / "out", weights=True) == [3, 4, 5]
    return tmp_path / "out"


def test_in_an_unused_store_it_keeps_its_numbers_and_what_is_submitted_later_has_others(
    home_store: Store, store: Store, exported_later: Path
) -> None:
    copied = import_experiments(store, exported_later)
    assert [(each.original, each.experiment) for each in copied] == [(3, 3), (4, 4), (5, 5)]
    for experiment in (3, 4, 5):
        assert report(store, experiment) == report(home_store, experiment)
        assert job_ids(store, experiment) == job_ids(home_store, experiment)
    newest_trial = value(store, "SELECT max(id) FROM trials")
    newest_job = value(store, "SELECT max(id) FROM jobs")
    assert store_evaluation(store) == 7
    assert value(store, "SELECT max(id) FROM trials") == newest_trial + 1
    assert value(store, "SELECT max(id) FROM jobs") == newest_job + 2


def test_in_a_store_from_which_all_was_deleted_its_numbers_are_new(
    store: Store, exported_later: Path
) -> None:
    for _ in range(2):
        store_evaluation(store)
    assert delete_experiments(store, [1, 2, 3, 4]) == [1, 2, 3, 4]
    copied = import_experiments(store, exported_later)
    assert [each.experiment for each in copied] == [5, 6, 7]


def test_numbers_after_which_hardly_any_are_left_are_not_kept(store: Store, exported: Path) -> None:
    contents = json.loads((exported / "experiment.json").read_text())
    contents["jobs"][2]["id"] = 2**30 + 1
    change(exported, "experiment.json", json.dumps(contents).encode())
    import_experiments(store, exported)
    assert max(job_ids(store, 1)) == 3


def without(document: Any, names: tuple[str, ...]) -> Any:
    """Return a document without some fields."""
    if isinstance(document, dict):
        return {key: without(each, names) for key, each in document.items() if key not in names}
    return [without(each, names) for each in document] if isinstance(document, list) else document


def test_ones_own_export_changes_nothing(home_store: Store, exported: Path) -> None:
    before = [rows(home_store, table) for table in sorted(Base.metadata.tables)]
    copied = import_experiments(home_store, exported)
    assert [(each.experiment, each.imported) for each in copied] == [
        (1, False),
        (2, False),
        (3, False),
    ]
    assert [rows(home_store, table) for table in sorted(Base.metadata.tables)] == before


def test_an_experiment_that_has_gone_on_since_is_not_mixed_up_with_it(
    there: Store, exported: Path
) -> None:
    import_experiments(there, exported)
    with there.write() as connection:
        connection.exec_driver_sql("UPDATE epochs SET val_accuracy = 0.9 WHERE job_id = 1")
    with pytest.raises(InputError, match="other results"):
        import_experiments(there, exported)


def test_without_weights_reports_stay_and_a_model_comes_later(
    home_store: Store, there: Store, exported: Path, tmp_path: Path
) -> None:
    export_experiments(home_store, [1], tmp_path / "light", weights=False)
    import_experiments(there, tmp_path / "light")
    assert report(there, 1) == report(home_store, 1)
    model = value(there, "SELECT model FROM trials WHERE id = 1")
    with pytest.raises(InputError, match="imported without them"):
        get_artifact(there, model)
    # Nor is anything submitted that needs them.
    before = rows(there, "experiments")
    with pytest.raises(InputError, match="weights of trial 1 are not in the database"):
        save(there, new_evaluate(there, 1, "train", seed=0))
    assert rows(there, "experiments") == before
    assert [each.imported for each in import_experiments(there, exported)] == [False] * 3
    assert get_artifact(there, model) == b""


def test_the_evaluation_of_a_race_is_found_by_the_number_that_the_race_has_here(
    home_store: Store, there: Store, tmp_path: Path
) -> None:
    race = store_tune(home_store, [[0.5]])
    evaluation = store_evaluation(home_store, 1)
    with home_store.write() as connection:
        chosen = update(Experiment).where(Experiment.id == evaluation)
        connection.execute(chosen.values(submission_key=evaluation_key(race)))
    store_evaluation(there)
    export_experiments(home_store, [race], tmp_path / "out", weights=True)
    imported = [each.experiment for each in import_experiments(there, tmp_path / "out")]
    with there.read() as connection:
        assert evaluation_of(connection, imported[0]) == imported[1]


def test_an_explanation_takes_along_the_experiment_of_its_trial(
    home_store: Store, tmp_path: Path
) -> None:
    store_all(home_store)
    assert export_experiments(home_store, [3], tmp_path / "out", weights=True) == [1, 3]


def change(directory: Path, name: str, content: bytes) -> None:
    """Change a file of an exported experiment, and its checksum with it."""
    (directory / name).write_bytes(content)
    (directory / "SHA256SUMS").unlink()
    write_checksums(directory)


def test_a_damaged_file_is_refused(there: Store, exported: Path) -> None:
    path = exported / "contents.zip"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="does not match"):
        import_experiments(there, exported)
    change(exported, "contents.zip", bytes(content))
    with pytest.raises(InputError, match=r"contents\.zip is not valid"):
        import_experiments(there, exported)
    assert rows(there, "experiments") == rows(there, "artifacts") == 0


@pytest.mark.parametrize(
    ("table", "row", "why"),
    [
        ("jobs", {"state": "running"}, "running"),
        ("jobs", {"state": "unheard of"}, "contradict"),
        ("jobs", {"experiment_id": 9}, "contradict"),
        ("jobs", {"id": 2}, "a number occurs twice"),
        ("jobs", {"other": 1}, "Extra inputs"),
        ("experiments", {"kind": "dance"}, "Kind"),
        ("experiments", {"name": "7"}, "is a number"),
        ("experiments", {"configuration": {}}, "dataset"),
        ("trials", {"params": {"lr": -1}}, "lr"),
        ("trials", {"model": "0" * 64}, "exactly"),
        ("trials", {"loss": "low"}, "loss"),
        ("evaluations", {"trial_id": 99}, "contradict"),
        ("explanations", {"verdict": "maybe"}, "contradict"),
        ("attempts", {"worker": "nobody"}, "contradict"),
        ("events", {"name": "a\0b"}, "NUL"),
    ],
    ids=lambda part: str(part)[:30],
)
def test_what_no_export_writes_is_refused_before_anything_is_stored(
    there: Store, exported: Path, table: str, row: dict[str, Any], why: str
) -> None:
    contents = json.loads((exported / "experiment.json").read_text())
    contents[table][0] |= row
    change(exported, "experiment.json", json.dumps(contents).encode())
    with pytest.raises(InputError) as refused:
        import_experiments(there, exported)
    assert why in refused.value.what
    assert [rows(there, name) for name in Base.metadata.tables] == [0] * len(Base.metadata.tables)


def test_a_file_too_many_and_one_too_few_are_refused(there: Store, exported: Path) -> None:
    shutil.copy(exported / "contents.zip", exported / "more.zip")
    with pytest.raises(InputError, match="not a file of a bundle"):
        import_experiments(there, exported)
    (exported / "more.zip").unlink()
    (exported / "contents.zip").unlink()
    with pytest.raises(InputError, match="missing"):
        import_experiments(there, exported)


def test_an_unfinished_training_is_pending_elsewhere_with_its_checkpoint(
    home_store: Store, there: Store, tmp_path: Path
) -> None:
    experiment = store_tune(home_store, [[], []])
    job = job_ids(home_store, experiment)[1]
    train_epochs(home_store, job, [0.5, 0.6])
    assert export_checkpoint(home_store, job, tmp_path / "out") == 2
    (copied,) = import_experiments(there, tmp_path / "out")
    assert value(there, "SELECT kind FROM experiments") == "train"
    assert value(there, "SELECT state FROM jobs") == "pending"
    assert rows(there, "epochs") == 2
    assert newest_checkpoint(there, job, FINGERPRINT) == b""
    again = import_experiments(there, tmp_path / "out")
    assert (again[0].experiment, again[0].imported) == (copied.experiment, False)


def test_an_unfinished_fold_is_pending_elsewhere_with_its_images(
    home_store: Store, there: Store, tmp_path: Path
) -> None:
    store_points(home_store, 2, [[]])
    train_epochs(home_store, 1, [0.5])
    export_checkpoint(home_store, 1, tmp_path / "out")
    import_experiments(there, tmp_path / "out")
    configuration = "SELECT configuration FROM jobs WHERE id = 1"
    own, copied = (json.loads(value(store, configuration)) for store in (home_store, there))
    assert (copied["dataset"]["fold"], copied["dataset"]["folds"]) == (1, 2)
    assert copied["dataset"] == own["dataset"]


def test_an_evaluation_of_the_trial_of_a_fold_is_imported_with_its_priority(
    home_store: Store, there: Store, tmp_path: Path
) -> None:
    dataset = stored_fold(DATASET, 1, 2)
    configuration = {"dataset": dataset, "threads": 1, "split": "test"}
    known = {"command": "runner submit evaluate", "packages": {"keras": "3.15.1"}}
    make_experiment(
        home_store,
        [{}],
        kind=Kind.EVALUATE,
        configuration=configuration,
        provenance=known,
        priority=-100,
    )
    export_experiments(home_store, [1], tmp_path / "out", weights=True)
    assert import_experiments(there, tmp_path / "out")[0].imported
    assert value(there, "SELECT priority FROM experiments") == -100


def test_a_job_without_a_checkpoint_has_nothing_to_take_along(
    home_store: Store, tmp_path: Path
) -> None:
    (job,) = job_ids(home_store, make_experiment(home_store))
    with pytest.raises(InputError, match="no checkpoint"):
        export_checkpoint(home_store, job, tmp_path / "out")
    with pytest.raises(InputError, match="no job 99"):
        export_checkpoint(home_store, 99, tmp_path / "out")
    with pytest.raises(InputError, match="no experiment 99"):
        export_experiments(home_store, [99], tmp_path / "out", weights=True)


@pytest.mark.parametrize("part", REFERENCE, ids=[part.name for part in REFERENCE])
def test_the_reference_is_imported_and_is_what_the_documentation_says(
    there: Store, part: Path
) -> None:
    documented = (ROOT / "docs" / "reproduction.md").read_text()
    copied = import_experiments(there, part)
    assert copied
    for experiment in (each.experiment for each in copied):
        for trial in report_document(there, experiment).ranked:
            if trial.state == "pending":  # a fold that is not trained yet
                continue
            assert trial.val_accuracy is not None
            assert f"{trial.val_accuracy:.4f}" in documented
