"""Numbers on the command line."""

import click

from tests.every_command import runnable


def test_every_whole_number_has_a_smallest_and_a_largest() -> None:
    found = [
        parameter
        for command in runnable().values()
        for parameter in command.params
        if parameter.type.name.startswith("integer")
    ]
    assert len(found) > 20
    for parameter in found:
        assert isinstance(parameter.type, click.IntRange), parameter.name
        assert None not in (parameter.type.min, parameter.type.max), parameter.name
