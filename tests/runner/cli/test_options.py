"""Numbers on the command line."""

from collections.abc import Iterator

import click
import pytest

from cifar_model.errors import InputError
from runner.cli import cli, load_commands
from runner.cli.options import read_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("7", [7]),
        ("0,5,9", [0, 5, 9]),
        ("0-3", [0, 1, 2, 3]),
        ("8, 2-4,3", [8, 2, 3, 4]),
        ("5-5", [5]),
    ],
)
def test_numbers_and_ranges_are_read_each_once(text: str, numbers: list[int]) -> None:
    assert read_numbers("--images", text) == numbers


@pytest.mark.parametrize("text", ["", "x", "1,,2", "3-1", "-1", "1-", "1-2-3", "0-99999999", "1.5"])
def test_what_is_no_number_is_refused_with_the_option(text: str) -> None:
    with pytest.raises(InputError, match="--images") as refused:
        read_numbers("--images", text)
    assert "0-199" in refused.value.expected


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
