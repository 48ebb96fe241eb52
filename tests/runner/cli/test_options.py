"""Numbers on the command line."""

from collections.abc import Iterator

import click

from runner.cli import cli, load_commands


def numbers_of(command: click.Command) -> Iterator[click.Parameter]:
    """Yield the parameters of a command, and of those under it, that take a whole number."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from numbers_of(inner)
    yield from (found for found in command.params if found.type.name.startswith("integer"))


def test_every_whole_number_has_a_smallest_and_a_largest() -> None:
    load_commands()
    found = list(numbers_of(cli))
    assert len(found) > 20
    for parameter in found:
        assert isinstance(parameter.type, click.IntRange), parameter.name
        assert None not in (parameter.type.min, parameter.type.max), parameter.name
