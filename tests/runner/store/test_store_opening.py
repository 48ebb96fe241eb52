"""A missing store is not silently a new one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli import cli
from runner.errors import InputError, UnavailableError
from runner.local.run_dir import RunDir
from runner.settings import Settings
from runner.store.engine import Store, StoreUnavailable, upgrade
from runner.store.opening import NoStoreYet, find_store, make_store

Call = Callable[..., Result]

LISTING = ["status", "report", "explanations", "recover"]
NAMING = [
    *("status 1", "report 1", "show 1", "watch 1", "cancel 1", "retry --job 1", "pause 1"),
    *("resume 1", "compare 1 2", "diff 1 2", "verify 1", "export 1 --out x"),
    *("reproduce --scale small --only-report", "submit evaluate --trial 1"),
    "submit explain --trial 1 --images 0",
]
MAKING = ["submit train --dataset shapes", "up", "import ."]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def call() -> Call:
    return lambda words, *more: CliRunner().invoke(cli, [*words.split(), *more])


@pytest.mark.parametrize("words", LISTING)
def test_what_lists_says_where_it_looked_and_makes_nothing(
    home: Path, call: Call, words: str
) -> None:
    answer = call(words, "--format", "json")
    assert answer.exit_code == 0, answer.output
    assert str(home / "runner.db") in answer.stderr
    assert "RUNNER_HOME" in answer.stderr
    assert not any(json.loads(answer.stdout).values())
    assert not call(words).stdout
    assert list(home.parent.rglob("*")) == [home.parent / "here"]


@pytest.mark.parametrize("words", NAMING)
def test_what_names_something_that_is_not_there_says_so_and_makes_nothing(
    home: Path, call: Call, words: str
) -> None:
    answer = call(words)
    assert isinstance(answer.exception, NoStoreYet), answer.output
    assert str(home / "runner.db") in str(answer.exception)
    assert list(home.parent.rglob("*")) == [home.parent / "here"]


@pytest.mark.parametrize(
    ("left", "emptied"),
    [("run", False), ("logs", True), ("reports", False), ("runner.db-wal", False)],
)
def test_a_store_that_is_gone_is_an_error_and_not_a_new_one(
    home: Path, call: Call, left: str, emptied: bool
) -> None:
    home.mkdir()
    if left.startswith("runner.db"):
        (home / left).touch()
    else:
        (home / left).mkdir()
    if emptied:
        (home / "runner.db").touch()
    before = sorted(home.rglob("*"))
    for words in (LISTING[0], NAMING[1], *MAKING[:1]):
        answer = call(words)
        assert isinstance(answer.exception, StoreUnavailable), answer.output
        assert f"{home / 'runner.db'} is missing" in answer.exception.what
        assert "runner db upgrade" in answer.exception.fix
    assert sorted(home.rglob("*")) == before
    assert call("db upgrade").exit_code == 0
    assert call("status").exit_code == 0


@pytest.mark.parametrize("words", MAKING[1:])
def test_neither_workers_nor_an_import_begin_anew(home: Path, call: Call, words: str) -> None:
    (home / "logs").mkdir(parents=True)
    assert isinstance(call(words).exception, StoreUnavailable)
    assert sorted(home.rglob("*")) == [home / "logs"]


def test_a_running_process_makes_no_file_in_the_place_of_one_that_is_gone(home: Path) -> None:
    url = Settings.from_environment().database_url
    upgrade(url)
    store = Store(url)
    assert store.revision()
    shutil.rmtree(home)
    for access in (store.read, store.write):
        with pytest.raises(StoreUnavailable, match=r"runner\.db"), access():
            pytest.fail("there is no database")
    assert not home.exists()


NAMES = ["?a=b#c", "50%25 off", "a b\t'\"$(id)`", "runner.db?mode=memory", "new\nline", "x:@!"]


@pytest.mark.parametrize("name", [*NAMES, b"\xff\xfe".decode(errors="surrogateescape"), "ü" * 60])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path / name)})
    make_store(settings).close()
    assert (tmp_path / name / "runner.db").stat().st_size
    # The URL names the same file where it is given.
    again = Settings.from_environment({"RUNNER_DATABASE_URL": settings.database_url})
    assert find_store(again).revision()


def test_a_path_that_sqlite_cannot_open_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    for home in ("y" * 300, "/".join(["y" * 200] * 3)):
        settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path / home)})
        with pytest.raises((InputError, UnavailableError)):
            make_store(settings)
    assert list(tmp_path.iterdir()) == []


def test_a_tilde_is_the_home_and_no_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    settings = Settings.from_environment({"RUNNER_DATABASE_URL": "sqlite:///~/runner.db"})
    make_store(settings).close()
    assert [path.name for path in tmp_path.iterdir()] == ["person"]
    for variable, value in (
        ("RUNNER_HOME", "~nobody-at-all/x"),
        ("RUNNER_DATA_DIR", "~nobody-at-all/x"),
    ):
        with pytest.raises(InputError, match=variable):
            Settings.from_environment({variable: value})
    unknown = Settings.from_environment({"RUNNER_DATABASE_URL": "sqlite:///~nobody-at-all/x.db"})
    with pytest.raises(InputError, match="RUNNER_DATABASE_URL"):
        make_store(unknown)


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings.from_environment({"RUNNER_HOME": str(tmp_path / "file")})
    with pytest.raises(UnavailableError, match=str(tmp_path / "file")):
        make_store(settings)
    assert not RunDir(settings.home).is_supervised()
    with pytest.raises(UnavailableError, match="RUNNER_HOME"):
        RunDir(settings.home).create()
