"""The commands that submit, on a store of the test."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli.submit import submit
from runner.store.engine import Store

Call = Callable[..., Result]


@pytest.fixture
def call(sqlite_store: Store, tmp_path: Path) -> Call:
    """Offer the command line on the store."""
    environment = {"RUNNER_DATABASE_URL": sqlite_store.url, "RUNNER_HOME": str(tmp_path)}

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(submit, list(arguments), env=environment, catch_exceptions=False)

    return invoke
