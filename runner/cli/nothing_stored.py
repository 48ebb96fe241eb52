"""Say that nothing is stored yet, where that is an answer and no error."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def answered_if_nothing_is_stored(form: str, **document: Any) -> Iterator[None]:
    """End the command with exit code 0 if there never was a store; as JSON with this document."""
    from runner.store.opening import NoStoreYet

    try:
        yield
    except NoStoreYet as missing:
        click.echo(f"{missing.what}\n  to start: {missing.fix}", err=True)
        if form == "json":
            click.echo(json.dumps(document))
        sys.exit(0)
