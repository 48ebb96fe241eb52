"""A home with a store, which a command and a test share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.store.engine import Store, open_store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Offer a home that a command and `home_store` share."""
    return tmp_path / "results"


@pytest.fixture
def home_store(home: Path) -> Iterator[Store]:
    """Offer the store of the home."""
    store = open_store(f"sqlite:///{home / 'runner.db'}")
    yield store
    store.close()
