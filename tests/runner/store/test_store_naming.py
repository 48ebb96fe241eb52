"""Names, tags and notes, and experiments that are archived."""

import pytest

from runner.errors import InputError
from runner.store import queries
from runner.store.engine import Store
from runner.store.lifecycle.naming import Edit, archive, edit
from runner.store.names import Label, read_label
from tests.runner.store.making import make_experiment, rows


def test_an_experiment_is_created_with_its_name_its_tags_and_its_note(store: Store) -> None:
    number = make_experiment(store, label=read_label("first", ["b", "a", "b"], "why\nso"))
    found = queries.experiment(store, number)
    assert (found.name, found.tags, found.note) == ("first", ["a", "b"], "why\nso")
    assert found.archived_at is None


def test_a_name_is_given_once_and_nothing_is_written_the_second_time(store: Store) -> None:
    first = make_experiment(store, label=Label("first"))
    other = make_experiment(store)
    with pytest.raises(InputError, match=f"is the name of experiment {first}"):
        make_experiment(store, label=Label("first"))
    with pytest.raises(InputError, match=f"is the name of experiment {first}"):
        edit(store, other, Edit(Label("first", ("tag",), "note")))
    assert rows(store, "experiments") == 2
    assert rows(store, "experiment_tags") == 0
    edit(store, first, Edit(Label("first")))


def test_the_same_key_is_the_same_experiment_whatever_it_was_renamed_to(store: Store) -> None:
    label = Label("first")
    number = make_experiment(store, submission_key="key", label=label)
    edit(store, number, Edit(Label("second")))
    assert make_experiment(store, submission_key="key", label=label) == number


def test_an_edit_changes_what_it_names_and_nothing_else(store: Store) -> None:
    number = make_experiment(store, label=Label("first", ("a", "b"), "note"))
    edit(store, number, Edit(Label(tags=("b", "c")), untag=("a",)))
    found = queries.experiment(store, number)
    assert (found.name, found.tags, found.note) == ("first", ["b", "c"], "note")
    edit(store, number, Edit(clear_name=True, clear_note=True))
    found = queries.experiment(store, number)
    assert (found.name, found.tags, found.note) == (None, ["b", "c"], None)


def test_a_tag_that_is_not_there_cannot_be_removed_and_nothing_is_changed(store: Store) -> None:
    number = make_experiment(store, label=Label(tags=("a",)))
    with pytest.raises(InputError, match="one of its tags: a"):
        edit(store, number, Edit(Label("new"), untag=("b",)))
    assert queries.experiment(store, number).name is None


def test_lists_leave_out_what_is_archived_until_it_is_brought_back(store: Store) -> None:
    first = make_experiment(store, label=Label(tags=("a",)))
    second = make_experiment(store)
    assert archive(store, [first, second], archived=True) == 2
    assert archive(store, [first], archived=True) == 0
    assert queries.experiments(store, 10, archived=False) == []
    assert [found.id for found in queries.experiments(store, 10)] == [second, first]
    assert archive(store, [first], archived=False) == 1
    assert [found.id for found in queries.experiments(store, 10, archived=False)] == [first]
    assert [found.id for found in queries.experiments(store, 10, tags=["a"])] == [first]


def test_of_several_experiments_of_which_one_is_missing_none_is_archived(store: Store) -> None:
    number = make_experiment(store)
    with pytest.raises(InputError, match=f"there is no experiment {number + 1}"):
        archive(store, [number, number + 1], archived=True)
    assert queries.experiment(store, number).archived_at is None
