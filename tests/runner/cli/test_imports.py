"""What a command imports: a person waits for it each time."""

import subprocess
import sys
from pathlib import Path

import pytest

from runner.environment import environment_for_children
from runner.store.engine import Store
from tests.runner.reports.stored import store_tune

# Each takes a twentieth of a second or more to import.
NEVER = (
    *("alembic", "keras", "lime", "matplotlib", "optuna", "pandas", "scipy", "talos", "tensorflow"),
    # Of SQLAlchemy, what a SQLite file does not need.
    *("sqlalchemy.orm", "sqlalchemy.dialects.postgresql"),
)
READING = (*NEVER, "PIL", "celery", "numpy", "psutil", "redis")


def at_the_end_of(home: Path, arguments: list[str], told: str) -> str:
    """Run a command; return the value of an expression at its end.

    There `before` is the number of garbage collections at the start.
    """
    code = f"""
import atexit, gc, sys
before = gc.get_stats()[0]["collections"]
sys.argv = ["runner", *{arguments}]
from runner.__main__ import main
atexit.register(lambda: print({told}, file=sys.stderr))
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        # With a variable such as PYTHONPATH, another process would take the place of this one.
        env=environment_for_children() | {"RUNNER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], (*READING, "runner.cli.submit", "socket", "sqlalchemy", "statistics")),
        (["submit", "tune", "--help"], (*READING, "sqlalchemy")),
        # Without workers that could be told of it.
        (
            ["submit", "tune", "--dataset", "shapes", "--train-size", "10", "--downsample", "0.01"],
            ("celery", "keras", "matplotlib", "redis", "runner.reports.experiment.document"),
        ),
        (["status"], (*READING, "runner.cli.submit")),
        (["status", "1"], READING),
        (["report", "1", "--top", "20"], (*NEVER, "PIL", "celery", "psutil", "redis")),
    ],
)
def test_a_command_imports_nothing_heavy_that_it_does_not_need(
    home: Path, home_store: Store, arguments: list[str], unneeded: tuple[str, ...]
) -> None:
    store_tune(home_store, [[0.5], []])
    told = f"[x for x in {unneeded} if x in sys.modules]"
    assert at_the_end_of(home, arguments, told) == "[]"


def test_a_command_hardly_looks_for_garbage_while_it_imports(home: Path, home_store: Store) -> None:
    store_tune(home_store, [[0.5], []])
    told = 'gc.get_stats()[0]["collections"] - before'
    assert int(at_the_end_of(home, ["status"], told)) <= 10
