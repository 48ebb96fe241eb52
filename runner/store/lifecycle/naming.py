"""Change the name, tags and note of a stored experiment; archive it and show it again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from cifar_model.errors import shown
from runner.errors import InputError
from runner.failpoints import failpoint
from runner.store.engine import Store
from runner.store.names import NO_LABEL, Label, spellings
from runner.store.schema import Experiment, ExperimentTag, now


@dataclass(frozen=True, slots=True)
class Edit:
    """What is set or added, and what is taken away."""

    label: Label = NO_LABEL
    untag: tuple[str, ...] = ()
    clear_name: bool = False
    clear_note: bool = False


def edit(store: Store, experiment: int, change: Edit) -> None:
    """Change what an experiment is called; raise InputError, and change nothing, if it cannot."""
    values: dict[str, Any] = {}
    if change.label.name is not None or change.clear_name:
        values["name"] = change.label.name
    if change.label.note is not None or change.clear_note:
        values["note"] = change.label.note
    try:
        with store.write() as connection:
            _lock(connection, [experiment])
            check_free(connection, change.label.name, experiment)
            if values:
                chosen = update(Experiment).where(Experiment.id == experiment)
                connection.execute(chosen.values(values))
            untag(connection, experiment, change.untag)
            add_tags(connection, experiment, change.label.tags)
    except IntegrityError:
        # Someone took the name at the same moment and was first.
        with store.read() as connection:
            check_free(connection, change.label.name, experiment)
        raise


def archive(store: Store, experiments: Sequence[int], *, archived: bool) -> int:
    """Hide experiments from lists, or show them again; return how many that changes."""
    before = Experiment.archived_at.is_(None) if archived else Experiment.archived_at.is_not(None)
    with store.write() as connection:
        _lock(connection, experiments)
        changed = connection.execute(
            update(Experiment)
            .where(Experiment.id.in_(experiments), before)
            .values(archived_at=now() if archived else None)
        ).rowcount
        failpoint("archive_written")
    failpoint("archive_stored")
    return changed


def check_free(connection: Connection, name: str | None, own: int | None = None) -> None:
    """Raise InputError if another experiment has this name."""
    taken = name_holder(connection, name)
    if name is not None and taken is not None and taken != own:
        raise InputError(
            f"--name {shown(name)} is the name of experiment {taken}",
            "a name that no other experiment has",
            f"choose another name, or rename that one: runner edit {taken} --name NAME",
        )


def name_holder(connection: Connection, name: str | None) -> int | None:
    """Return the experiment that has a name; None if there is none."""
    if name is None:
        return None
    return connection.scalar(select(Experiment.id).where(Experiment.name.in_(spellings(name))))


def add_tags(connection: Connection, experiment: int, tags: Iterable[str]) -> None:
    """Add tags to an experiment; those that it has stay."""
    there = set(_tags(connection, experiment))
    rows = [{"experiment_id": experiment, "tag": tag} for tag in tags if tag not in there]
    if rows:
        connection.execute(insert(ExperimentTag), rows)


def untag(connection: Connection, experiment: int, tags: Iterable[str]) -> None:
    """Remove tags from an experiment; raise InputError for one that it does not have."""
    there = set(_tags(connection, experiment))
    for tag in tags:
        if there.isdisjoint(spellings(tag)):
            raise InputError(
                f"--untag {shown(tag)}: experiment {experiment} does not have this tag",
                f"one of its tags: {', '.join(sorted(there)) or 'it has none'}",
                "correct --untag",
            )
    chosen = ExperimentTag.experiment_id == experiment
    words = {word for tag in tags for word in spellings(tag)}
    connection.execute(delete(ExperimentTag).where(chosen, ExperimentTag.tag.in_(words)))


def _tags(connection: Connection, experiment: int) -> Sequence[str]:
    query = select(ExperimentTag.tag).where(ExperimentTag.experiment_id == experiment)
    return connection.scalars(query.order_by(ExperimentTag.tag)).all()


def _lock(connection: Connection, experiments: Sequence[int]) -> None:
    """Keep experiments from being deleted meanwhile; raise InputError if one is not there."""
    query = select(Experiment.id).where(Experiment.id.in_(experiments)).order_by(Experiment.id)
    there = connection.scalars(query.with_for_update(key_share=True)).all()
    for number in experiments:
        if number not in there:
            raise InputError(
                f"there is no experiment {number}",
                "the number or the name of an experiment",
                "`runner status` lists the experiments",
            )
