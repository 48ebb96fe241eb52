"""Databases for every test that needs one, and processes that start at once."""

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from runner.environment import SET_BY_US
from runner.store.engine import Store, open_store, upgrade
from runner.store.schema import Base
from tests.acceptance.command_line import Runner, processes_of
from tests.broker_server import Broker
from tests.postgresql_server import PostgresqlServer

JOIN_SECONDS = 300

# As Celery makes its children; what the parent has open, they have too.
FORK = multiprocessing.get_context("fork")


def pytest_configure() -> None:
    """Let Ctrl-C work in the tests, also in the background, and let them compute as workers do."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = SET_BY_US["TF_ENABLE_ONEDNN_OPTS"]


def pytest_collection_finish() -> None:
    """Set TensorFlow's threads before any test uses it, in whatever order the tests run."""
    if "tensorflow" in sys.modules:
        from cifar_model import determinism

        determinism.configure(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Run one PostgreSQL server for the whole session."""
    server = PostgresqlServer()
    yield server
    server.close()


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """Offer a new PostgreSQL database with nothing in it."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Offer a broker that listens on a port of this machine."""
    broker = Broker(tmp_path)
    yield broker
    broker.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Offer a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store' / 'runner.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Offer a new database with nothing in it, once of either kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a SQLite store once, to be copied."""
    path = tmp_path_factory.mktemp("upgraded") / "runner.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def upgraded_database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """Make a PostgreSQL store once, to be emptied; yield its URL."""
    with postgresql_server.database() as url:
        upgrade(url)
        yield url


@pytest.fixture
def sqlite_store(upgraded_file: Path, tmp_path: Path) -> Iterator[Store]:
    """Offer an empty store on SQLite, in memory where there is a place for files in memory."""
    memory = Path("/dev/shm")  # noqa: S108 (a directory of its own is made there)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as directory:
        store = open_store(f"sqlite:///{shutil.copy(upgraded_file, directory)}")
        yield store
        store.close()


@pytest.fixture
def postgresql_store(upgraded_database: str) -> Iterator[Store]:
    """Offer an empty store on PostgreSQL; to make a database takes half a second, this does not."""
    store = open_store(upgraded_database)
    with store.write() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
        # Numbers begin at 1 again, as in a new store: no test meets numbers by the order of tests.
        connection.execute(
            text("SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence")
        )
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """Offer an empty store, once on either database."""
    store: Store = request.getfixturevalue(f"{request.param}_store")
    return store


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """Offer the command line in an empty directory, and check that it leaves no process."""
    command = Runner(tmp_path)
    yield command
    command("down")
    assert processes_of(tmp_path) == []


@pytest.fixture
def runner_in(tmp_path: Path) -> Callable[..., Runner]:
    """Offer command lines in several empty directories, as on several hosts."""

    def make(name: str, **variables: str) -> Runner:
        (tmp_path / name).mkdir()
        return Runner(tmp_path / name, **variables)

    return make


@pytest.fixture
def in_processes() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Offer to call a function in several new processes at the same moment.

    Each gets its number from 0; their answers come back in that order.
    """

    def call(count: int, function: Callable[[int], Any]) -> list[Any]:
        barrier = FORK.Barrier(count)
        pipes = [FORK.Pipe(duplex=False) for _ in range(count)]
        processes = [
            FORK.Process(target=_answer, args=(function, number, barrier, answer))
            for number, (_, answer) in enumerate(pipes)
        ]
        for process, (_, answer) in zip(processes, pipes, strict=True):
            process.start()
            # Only the child has it now, so that its death is seen as the end of the pipe.
            answer.close()
        answers = [_receive(question) for question, _ in pipes]
        for process in processes:
            process.join(JOIN_SECONDS)
        return answers

    return call


def _answer(
    function: Callable[[int], Any], number: int, barrier: Barrier, answer: Connection
) -> None:
    try:
        barrier.wait(JOIN_SECONDS)
        answer.send((function(number), None))
    except BaseException:
        answer.send((None, traceback.format_exc()))


def _receive(question: Connection) -> Any:
    assert question.poll(JOIN_SECONDS), "a process did not answer"
    answer, error = question.recv()
    assert error is None, error
    return answer
