"""An experiment that has a name is found by it wherever its number is taken."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from runner.cli import cli, load_commands
from runner.cli.options import EXPERIMENT
from runner.errors import InputError
from runner.store.engine import Store
from runner.store.names import read_name, read_note, read_tags
from tests.runner.reports.stored import store_tune
from tests.runner.store.making import run

NAMED = {
    *("status", "watch", "report", "cancel", "retry", "pause", "resume"),
    *("diff", "explanations"),
}


def call(store: Store, *arguments: str) -> str:
    environment = {"RUNNER_DATABASE_URL": store.url}
    load_commands()
    return CliRunner().invoke(cli, arguments, env=environment, catch_exceptions=False).output


def commands(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield command


def test_every_command_about_an_experiment_takes_its_name() -> None:
    load_commands()
    taking = {
        str(command.name)
        for command in commands(cli)
        if any(parameter.type is EXPERIMENT for parameter in command.params)
    }
    assert taking >= NAMED


def test_a_name_is_as_good_as_a_number(store: Store) -> None:
    number = store_tune(store, [[0.5]])
    run(store, "UPDATE experiments SET name = 'first try' WHERE id = :id", id=number)
    assert call(store, "status", "first try") == call(store, "status", str(number))


def test_an_unknown_name_lists_the_nearest_and_the_newest(store: Store) -> None:
    number, other = store_tune(store, [[0.5]]), store_tune(store, [[0.5]])
    run(store, "UPDATE experiments SET name = 'baseline' WHERE id = :id", id=number)
    with pytest.raises(InputError) as refused:
        call(store, "report", "baselime")
    assert "named 'baselime'" in refused.value.what
    assert "did you mean 'baseline'?" in refused.value.what
    assert f"the newest are {other}, {number} (baseline)" in refused.value.expected


@pytest.mark.parametrize(
    "name", ["17", " 17 ", "\N{SUPERSCRIPT TWO}", "", " a", "-a", "a\nb", "a" * 201]
)
def test_a_name_that_could_be_misread_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        read_name(name)


@pytest.mark.parametrize("tag", ["", "a\x1b", "-a", "a "])
def test_a_tag_that_could_be_misread_is_refused(tag: str) -> None:
    with pytest.raises(InputError):
        read_tags(["good", tag])


def test_tags_are_kept_once_and_in_order() -> None:
    assert read_tags(["b", "a", "b", "17"]) == ("17", "a", "b")


@pytest.mark.parametrize("note", ["", " \n", "a\x1b[2J", "a" * 10_001])
def test_a_note_without_words_or_with_control_characters_is_refused(note: str) -> None:
    with pytest.raises(InputError):
        read_note(note)
