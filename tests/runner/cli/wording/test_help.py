"""Help is in sections, fits, and its examples are commands that work."""

import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import click
import pytest

import runner.cli
from runner.cli import cli
from runner.cli.options import read_params
from runner.cli.wording.examples import EXAMPLES
from runner.cli.wording.help import continued, first_sentence
from runner.cli.wording.listing import SECTIONS, Listed
from runner.reports.filters import read_conditions
from tests.every_command import every_command


def page(words: str, command: click.Command) -> str:
    context: click.Context = cli.context_class(cli, info_name="runner")
    *groups, name = ["", *words.split()]
    for group in filter(None, groups):
        context = cli.context_class(EVERY[group], info_name=group, parent=context)
    if name:
        context = command.context_class(command, info_name=name, parent=context)
    return context.get_help()


def parsed(example: str) -> click.Context:
    """Read an example as the command line does, and run nothing."""
    program, *arguments = shlex.split(example)
    assert program == "runner"
    context: click.Context = cli.context_class(cli, info_name="runner")
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
        if arguments or not isinstance(command, click.Group):
            context = command.make_context(name, arguments, parent=context)
            arguments = [*context._protected_args, *context.args]
    return context


EVERY = dict(every_command())


def test_every_command_is_in_one_section_with_the_first_sentence_of_its_help() -> None:
    listed = [each for members in SECTIONS.values() for each in members]
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(runner.cli.__path__, "runner.cli.")
    ]
    commands = [
        Listed(
            str(command.name), module.__name__.removeprefix("runner.cli."), first_sentence(command)
        )
        for module in modules
        for command in getattr(module, "COMMANDS", ())
    ]
    assert sorted(listed) == sorted(commands)


def test_every_command_has_an_example() -> None:
    for words, command in EVERY.items():
        examples = EXAMPLES.get(words, ())
        assert 1 <= len(examples) <= 2, f"{words}: give it one or two in wording/examples.py"
        assert page(words, command).endswith(examples[-1].split()[-1])


def test_an_example_is_a_command_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundle").mkdir()
    monkeypatch.chdir(tmp_path)
    # Those of `check` have params of a user's own.
    groups = [each for words, each in EXAMPLES.items() if words != "check"]
    for example in sorted({text for each in groups for text in each}):
        given = parsed(example).params
        read_params(given.get("params") or ())
        read_conditions(given.get("where") or ())


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_no_line_of_help_is_wider_than_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for words, command in EVERY.items():
        assert max(map(len, page(words, command).splitlines())) <= columns, words


def test_an_example_is_broken_as_a_shell_reads_it() -> None:
    example = EXAMPLES["submit tune"][0]
    lines = continued(example, 50)
    assert len(lines) > 1
    assert all(line.endswith("\\") for line in lines[:-1])
    assert re.sub(r"\s*\\\s+", " ", "\n".join(lines)) == example
