"""`runner delete`, `archive` and `prune` end to end, also if they are killed at any step."""

import multiprocessing
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from runner.cli import cli
from runner.errors import InputError
from runner.failpoints import VARIABLE
from runner.reports.experiment.document import report_document
from runner.store import queries
from runner.store.artifacts import get_artifact
from runner.store.engine import Store
from runner.store.lifecycle.naming import Edit, edit
from runner.store.lifecycle.unused import NOTHING, ended_checkpoints, unused_artifacts
from runner.store.names import Label
from runner.store.queries.sizes import database_size
from runner.store.schema import Base
from tests.runner.reports.stored import (
    store_evaluation,
    store_explanation,
    store_failure,
    store_tune,
)
from tests.runner.store.making import job_ids, rows, run, value

DELETE_STEPS = [
    *("delete_activations", "delete_explanations", "delete_evaluations", "delete_trials"),
    *("delete_checkpoints", "delete_epochs", "delete_events", "delete_attempts"),
    *("delete_written", "delete_stored", "prune_artifacts_written", "prune_artifacts_stored"),
    "delete_report",
]
PRUNE_STEPS = [
    *("prune_checkpoints_written", "prune_checkpoints_stored"),
    *("prune_artifacts_written", "prune_artifacts_stored"),
    *("prune_compact", "prune_compacted"),
]
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Scene:
    """A store with experiments to delete and others, which share an artifact."""

    store: Store
    home: Path
    doomed: list[int]
    kept: list[int]

    def call(self, *arguments: str) -> str:
        found = CliRunner().invoke(cli, arguments, env=self.variables, catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.output

    def killed(self, step: str, *arguments: str) -> None:
        """Run a command in a process that ends by SIGKILL at a step."""
        process = FORK.Process(target=self._fail, args=(step, arguments))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL

    def _fail(self, step: str, arguments: tuple[str, ...]) -> None:
        os.environ |= self.variables | {VARIABLE: step}
        cli.main(arguments, standalone_mode=False)

    @property
    def variables(self) -> dict[str, str]:
        return {"RUNNER_HOME": str(self.home), "RUNNER_DATABASE_URL": self.store.url}

    @property
    def reports(self) -> list[Path]:
        return [self.home / "reports" / f"experiment-{number}" for number in self.doomed]

    def counts(self) -> dict[str, int]:
        return {table: rows(self.store, table) for table in Base.metadata.tables}

    def check(self) -> None:
        """Check that nothing refers to what is gone, and that all that is kept can be read."""
        for table in Base.metadata.sorted_tables:
            for key in table.foreign_key_constraints:
                pairs = [(item.parent.name, item.column.name) for item in key.elements]
                same = " AND ".join(f"p.{theirs} = c.{own}" for own, theirs in pairs)
                given = " AND ".join(f"c.{own} IS NOT NULL" for own, _ in pairs)
                lost = value(
                    self.store,
                    f"SELECT count(*) FROM {table.name} c WHERE {given} AND NOT EXISTS"  # noqa: S608
                    f" (SELECT 1 FROM {key.referred_table.name} p WHERE {same})",
                )
                assert lost == 0, (table.name, pairs)
        with self.store.read() as connection:
            if connection.dialect.name == "sqlite":
                assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
                assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            models = connection.scalars(text("SELECT model FROM trials")).all()
        for model in models:
            get_artifact(self.store, model)
        for number in self.kept:
            assert queries.experiment(self.store, number).states["succeeded"] == 1
            assert report_document(self.store, number).experiment == number

    def is_deleted(self) -> bool:
        there = {found.id for found in queries.experiments(self.store, 100)}
        return not there & set(self.doomed)


def make_scene(store: Store, home: Path) -> Scene:
    explained = store_explanation(store)
    trained = explained - 1
    trial = value(
        store,
        "SELECT trials.id FROM trials JOIN jobs ON jobs.id = job_id WHERE experiment_id = :id",
        id=trained,
    )
    evaluated = store_evaluation(store, trial)
    failed = store_tune(store, [[]])
    store_failure(store, job_ids(store, failed)[0], "nan")
    kept = store_evaluation(store)
    made = Scene(store, home, [trained, explained, evaluated, failed], [kept - 1, kept])
    for number in made.doomed:
        edit(store, number, Edit(Label(f"name {number}", ("old",))))
    for place in made.reports:
        place.mkdir(parents=True)
        (place / "report.html").write_bytes(b"x" * 1000)
    return made


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    return make_scene(store, tmp_path / "home")


@pytest.fixture
def sqlite_scene(sqlite_store: Store, tmp_path: Path) -> Scene:
    return make_scene(sqlite_store, tmp_path / "home")


def test_without_yes_nothing_is_removed_and_what_would_be_is_said(scene: Scene) -> None:
    before = scene.counts()
    words = scene.call("delete", *map(str, scene.doomed))
    assert "jobs: 4" in words
    assert "directories of reports: 4 (4.0 kB)" in words
    assert "nothing was removed: repeat the command with --yes" in words
    assert scene.counts() == before
    assert all(place.is_dir() for place in scene.reports)


def test_an_experiment_is_deleted_with_all_that_is_its_own_and_nothing_else(scene: Scene) -> None:
    scene.call("delete", *map(str, scene.doomed), "--yes")
    assert scene.is_deleted()
    assert not any(place.exists() for place in scene.reports)
    assert unused_artifacts(scene.store) == NOTHING
    assert rows(scene.store, "experiments") == len(scene.kept)
    assert rows(scene.store, "trials") == 1
    scene.check()


def test_an_experiment_that_another_one_is_about_stays_and_the_error_names_both(
    scene: Scene,
) -> None:
    trained, explained, evaluated, _ = scene.doomed
    before = scene.counts()
    with pytest.raises(InputError, match=f"runner delete {trained} {explained} {evaluated}"):
        scene.call("delete", str(trained), "--yes")
    assert scene.counts() == before


def test_while_jobs_are_pending_nothing_is_deleted(scene: Scene) -> None:
    pending = store_tune(scene.store, [[0.5], []])
    with pytest.raises(InputError, match=f"runner cancel {pending}"):
        scene.call("delete", str(pending), "--yes")
    scene.call("cancel", str(pending))
    scene.call("delete", str(pending), "--yes")
    scene.check()


@pytest.mark.parametrize("step", DELETE_STEPS)
def test_a_deletion_that_is_killed_leaves_a_whole_store_and_is_finished_by_the_next(
    sqlite_scene: Scene, step: str
) -> None:
    is_killed_and_finished(sqlite_scene, step)


@pytest.mark.parametrize("step", ["delete_epochs", "delete_written", "prune_artifacts_written"])
def test_the_same_on_postgresql(postgresql_store: Store, tmp_path: Path, step: str) -> None:
    is_killed_and_finished(make_scene(postgresql_store, tmp_path / "home"), step)


def is_killed_and_finished(scene: Scene, step: str) -> None:
    before, command = scene.counts(), ["delete", *map(str, scene.doomed), "--yes"]
    scene.killed(step, *command)
    scene.check()
    if not scene.is_deleted():
        assert scene.counts() == before
    scene.call(*command)
    assert scene.is_deleted()
    assert not any(place.exists() for place in scene.reports)
    assert unused_artifacts(scene.store) == NOTHING
    scene.check()


@pytest.mark.parametrize("step", ["archive_written", "archive_stored"])
def test_archiving_that_is_killed_hides_all_or_nothing(sqlite_scene: Scene, step: str) -> None:
    scene = sqlite_scene
    scene.killed(step, "archive", *map(str, scene.doomed))
    scene.check()
    listed = queries.experiments(scene.store, 100, archived=False)
    assert len(listed) == len(scene.kept) + (0 if step == "archive_stored" else len(scene.doomed))


@pytest.mark.parametrize("step", PRUNE_STEPS)
def test_pruning_that_is_killed_leaves_a_whole_store_and_is_finished_by_the_next(
    sqlite_scene: Scene, step: str
) -> None:
    scene = sqlite_scene
    make_garbage(scene.store)
    scene.killed(step, "prune", "--yes")
    scene.check()
    scene.call("prune", "--yes")
    is_pruned(scene)


def test_pruning_removes_what_nothing_needs_and_shows_the_size_before_and_after(
    scene: Scene,
) -> None:
    make_garbage(scene.store)
    before = scene.counts()
    words = scene.call("prune")
    assert "artifacts that nothing refers to: 300 (300.0 kB)" in words
    assert "checkpoints of jobs that have ended: 1" in words
    assert "nothing was removed" in words
    assert scene.counts() == before
    size = database_size(scene.store)
    scene.call("prune", "--yes")
    is_pruned(scene)
    if scene.store.url.startswith("sqlite"):
        assert database_size(scene.store) < size - 300_000


def test_only_what_is_named_is_pruned(scene: Scene) -> None:
    make_garbage(scene.store)
    scene.call("prune", "--checkpoints", "--yes")
    assert ended_checkpoints(scene.store) == NOTHING
    assert unused_artifacts(scene.store).count == 300


def make_garbage(store: Store) -> None:
    with store.write() as connection:
        insert = text(
            "INSERT INTO artifacts (sha256, size, content) VALUES (:name, 1000, :content)"
        )
        garbage: list[dict[str, Any]] = [
            {"name": f"{number:064d}", "content": os.urandom(1000)} for number in range(300)
        ]
        connection.execute(insert, garbage)


def is_pruned(scene: Scene) -> None:
    assert unused_artifacts(scene.store) == NOTHING
    assert ended_checkpoints(scene.store) == NOTHING
    assert not scene.is_deleted()
    scene.check()


def test_the_numbers_of_what_was_deleted_are_not_given_again(scene: Scene) -> None:
    last = [value(scene.store, f"SELECT max(id) FROM {name}") for name in NUMBERED]  # noqa: S608
    scene.call("delete", *map(str, scene.kept), "--yes")
    again = store_tune(scene.store, [[0.5]])
    run(scene.store, "UPDATE jobs SET reason = 'new' WHERE experiment_id = :id", id=again)
    now = [value(scene.store, f"SELECT max(id) FROM {name}") for name in NUMBERED]  # noqa: S608
    assert all(new > old for new, old in zip(now, last, strict=True))


NUMBERED = ("experiments", "jobs", "trials")
