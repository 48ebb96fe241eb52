"""All commands of the command line, by the words that call each."""

from collections.abc import Iterator

import click

from runner.cli import cli


def every_command(
    command: click.Command = cli, words: str = ""
) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and all those under it."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            member = command.get_command(context, name)
            assert member is not None, name
            yield from every_command(member, f"{words} {name}".strip())


def runnable() -> dict[str, click.Command]:
    """Return the commands that are no groups."""
    return {
        words: command for words, command in every_command() if not isinstance(command, click.Group)
    }
