"""An experiment that has a name is found by it wherever its number is taken."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.cli import cli
from runner.cli.options import EXPERIMENT
from runner.errors import InputError
from runner.store.engine import Store
from runner.store.names import read_name, read_note, read_tags
from tests.every_command import runnable
from tests.runner.reports.stored import store_tune
from tests.runner.store.making import run

NAMED = {
    *("status", "watch", "report", "cancel", "retry", "pause", "resume"),
    *("diff", "explanations", "edit", "archive", "unarchive"),
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(store: Store, *arguments: str) -> str:
    return invoke(store, *arguments).output


def document_of(store: Store, *arguments: str) -> Any:
    return json.loads(invoke(store, *arguments, "--format", "json").stdout)


def invoke(store: Store, *arguments: str) -> Result:
    environment = {"RUNNER_DATABASE_URL": store.url}
    return CliRunner().invoke(cli, arguments, env=environment, catch_exceptions=False)


def test_every_command_about_an_experiment_takes_its_name() -> None:
    taking = {
        str(command.name)
        for command in runnable().values()
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
    "arguments",
    [("report", "\udcff"), ("status", "--tag=\udcff"), ("report", "--where=tag=\udcff")],
)
def test_what_is_no_utf_8_is_refused_as_a_name_and_as_a_tag(
    store: Store, arguments: tuple[str, ...]
) -> None:
    store_tune(store, [[0.5]])
    with pytest.raises(InputError):
        call(store, *arguments)


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


def test_a_leaderboard_is_filtered_by_tag_and_name_and_leaves_out_what_is_archived(
    store: Store,
) -> None:
    first, second = store_tune(store, [[0.5]]), store_tune(store, [[0.6], [0.7]])
    call(store, "edit", str(first), "--name", "first", "--tag", "good", "--tag", "old")
    call(store, "edit", str(second), "--tag", "good")
    assert counted(store, "--where", "tag=good") == 3
    assert counted(store, "--where", "tag=old") == 1
    assert counted(store, "--where", "tag!=old", "--where", "val_accuracy>0.65") == 1
    assert counted(store, "--where", "name=first") == 1
    call(store, "archive", "first")
    assert counted(store, "--where", "tag=good") == 2
    assert counted(store, "--where", "tag=good", "--all") == 3
    assert counted(store, "first", "--top", "9") == 1
    call(store, "unarchive", "first")
    assert counted(store, "--top", "9") == 3


def counted(store: Store, *arguments: str) -> int:
    document = document_of(store, "report", *arguments)
    assert len(document["trials"]) == document["count"]
    return int(document["count"])


def test_names_tags_and_notes_are_shown_by_status_and_report(store: Store) -> None:
    number = store_tune(store, [[0.5]])
    assert "name" not in call(store, "status")
    call(store, "edit", str(number), "--name", "first", "--tag", "good", "--note", "to see")
    for arguments in (["status"], ["status", "first"], ["report", "first"], ["report", "--top=1"]):
        assert "first" in call(store, *arguments)
        assert "good" in call(store, *arguments)
    assert "note: to see" in call(store, "status", "first")
    assert "note: to see" in call(store, "report", "first")
    for arguments in (["status", "first"], ["report", "first"]):
        document = document_of(store, *arguments)
        assert (document["name"], document["tags"]) == ("first", ["good"])
        assert (document["note"], document["archived"]) == ("to see", False)


def test_a_letter_and_its_accent_are_one_name_and_one_tag_however_they_are_typed(
    store: Store,
) -> None:
    number, other = store_tune(store, [[0.5]]), store_tune(store, [[0.5]])
    composed, decomposed = (
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "e\N{COMBINING ACUTE ACCENT}",
    )
    call(store, "edit", str(number), "--name", decomposed, "--tag", decomposed)
    for typed in (composed, decomposed):
        document = document_of(store, "status", typed)
        assert (document["name"], document["tags"]) == (composed, [composed])
        assert counted(store, "--where", f"tag={typed}", "--where", f"name={typed}") == 1
        listed = document_of(store, "status", "--tag", typed)["experiments"]
        assert [row["experiment"] for row in listed] == [number]
        with pytest.raises(InputError, match="is the name of experiment"):
            call(store, "edit", str(other), "--name", typed)
    call(store, "edit", str(number), "--untag", decomposed)
    assert document_of(store, "status", str(number))["tags"] == []


def test_a_name_that_an_earlier_version_stored_as_it_was_typed_is_found(store: Store) -> None:
    number = store_tune(store, [[0.5]])
    typed = "e\N{COMBINING ACUTE ACCENT}"
    run(store, "UPDATE experiments SET name = :name WHERE id = :id", id=number, name=typed)
    assert document_of(store, "status", typed)["experiment"] == number


def test_what_is_archived_is_listed_only_if_asked_for(store: Store) -> None:
    first, second = store_tune(store, [[0.5]]), store_tune(store, [[0.6]])
    call(store, "archive", str(second))
    listed = document_of(store, "status")["experiments"]
    assert [row["experiment"] for row in listed] == [first]
    listed = document_of(store, "status", "--all")["experiments"]
    assert [row["archived"] for row in listed] == [True, False]
    assert f"experiment {first}, the newest" in call(store, "report")


def test_submit_gives_an_experiment_its_name(store: Store) -> None:
    training = [
        "--dataset",
        "shapes",
        "--epochs",
        "1",
        "--name",
        "first",
        "--tag",
        "a",
        "--note",
        "n",
    ]
    call(store, "submit", "train", *training)
    document = document_of(store, "status", "first")
    assert (document["name"], document["tags"], document["note"]) == ("first", ["a"], "n")
    with pytest.raises(InputError, match="is a number"):
        call(store, "submit", "train", "--dataset", "shapes", "--name", "17")
