"""Find experiments by name and tag, and the names that conditions on trials may have."""

import json
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Text, cast, exists, select

from cifar_model.errors import nearest, shown
from cifar_model.params import ParamValue
from runner.errors import InputError
from runner.store.engine import Store
from runner.store.names import spellings
from runner.store.schema import Experiment, ExperimentTag, Job, Trial

NEWEST = 10
# Of so many of the newest trials of trainers the names of other metrics are read.
MOST_READ = 1_000


def find_experiment(store: Store, name: str) -> int:
    """Return the number of the experiment with a name; raise InputError if there is none."""
    with store.read() as connection:
        # Text that is not UTF-8 can be no name, and no database takes it.
        same = select(Experiment.id).where(Experiment.name.in_(spellings(name)))
        number = connection.scalar(same) if name.isprintable() else None
        if number is not None:
            return number
        raise _unknown(connection, name, store.name)


def names(store: Store) -> list[str]:
    """Return the names of all experiments, the newest first."""
    query = select(Experiment.name).where(Experiment.name.is_not(None))
    with store.read() as connection:
        return [str(name) for name in connection.scalars(query.order_by(Experiment.id.desc()))]


def tags_of(connection: Connection, experiments: Iterable[int]) -> dict[int, list[str]]:
    """Return the tags of each of these experiments, in order."""
    found: dict[int, list[str]] = {number: [] for number in experiments}
    query = select(ExperimentTag.experiment_id, ExperimentTag.tag)
    chosen = query.where(ExperimentTag.experiment_id.in_(found))
    for number, tag in connection.execute(chosen.order_by(ExperimentTag.tag)):
        found[number].append(tag)
    return found


def has_tag(tag: str) -> ColumnElement[bool]:
    """Return the condition that an experiment has a tag."""
    same = ExperimentTag.experiment_id == Experiment.id
    return exists().where(same, ExperimentTag.tag.in_(spellings(tag)))


def shown_in_lists() -> ColumnElement[bool]:
    """Return the condition that a job is not of an archived experiment."""
    archived = select(Experiment.id).where(Experiment.archived_at.is_not(None))
    return Job.experiment_id.not_in(archived)


def _unknown(connection: Connection, name: str, store: str) -> InputError:
    newest = connection.execute(
        select(Experiment.id, Experiment.name).order_by(Experiment.id.desc()).limit(NEWEST)
    ).all()
    given = connection.scalars(select(Experiment.name).where(Experiment.name.is_not(None)))
    close = nearest(name, map(str, given))
    expected = "the number or the name of an experiment"
    if newest:
        listed = ", ".join(f"{row.id} ({row.name})" if row.name else str(row.id) for row in newest)
        expected += f"; the newest are {listed}"
    hint = f": did you mean {close!r}?" if close else ""
    return InputError(
        f"there is no experiment named {shown(name)} in the {store}{hint}",
        expected,
        "choose one of these; `runner status` lists the experiments"
        if newest
        else "use `runner submit` first, or correct RUNNER_HOME or RUNNER_DATABASE_URL",
    )


def other_metrics(connection: Connection) -> list[str]:
    """Return the names of the metrics that trainers reported beside the usual ones."""
    query = select(Trial.metrics).where(Trial.metrics.is_not(None)).order_by(Trial.id.desc())
    rows = connection.scalars(query.limit(MOST_READ))
    return sorted({name for metrics in rows for name in metrics or {}})


def own_parameters(connection: Connection) -> dict[str, ParamValue | None]:
    """Return the parameters of the networks of trials, with defaults; the paper's are not read."""
    stored = cast(Trial.network, Text)
    found: dict[str, ParamValue | None] = {}
    for text in connection.scalars(select(stored).where(Trial.network.is_not(None)).distinct()):
        found |= json.loads(text)["parameters"]
    return found
