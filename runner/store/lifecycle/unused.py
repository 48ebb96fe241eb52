"""Remove unused artifacts and the checkpoints of jobs that have ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, select

from runner.failpoints import failpoint
from runner.states import FINAL
from runner.store import schema
from runner.store.engine import Store
from runner.store.schema import Artifact, Checkpoint, Job

# So many in one transaction: others may write in between.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Size:
    """How many there are, and how many bytes they take in the database."""

    count: int
    size: int


NOTHING = Size(0, 0)


def unused_artifacts(store: Store) -> Size:
    """Return the size of the artifacts that no row refers to."""
    with store.read() as connection:
        return size_of(connection, Artifact, _is_unused())


def ended_checkpoints(store: Store) -> Size:
    """Return the size of the checkpoints of jobs that have ended."""
    with store.read() as connection:
        return size_of(connection, Checkpoint, Checkpoint.job_id.in_(_ended()))


def remove_artifacts(store: Store) -> Size:
    """Remove the artifacts that no row refers to; return what was removed.

    A row and the artifact that it refers to are written in one transaction, so one that is about
    to be used is either seen as used or, if it was there before, locked: see `put_artifact`.
    """
    removed = NOTHING
    last: str | None = ""
    while last is not None:
        with store.write() as connection:
            names, last = _next_unused(connection, last)
            # Looked at again, now that nobody else can begin to use them.
            condition = Artifact.sha256.in_(names) & _is_unused()
            gone = size_of(connection, Artifact, condition)
            connection.execute(delete(Artifact).where(condition))
            failpoint("prune_artifacts_written")
        failpoint("prune_artifacts_stored")
        removed = Size(removed.count + gone.count, removed.size + gone.size)
    return removed


def remove_checkpoints(store: Store) -> Size:
    """Remove the checkpoints of jobs that have ended; return what was removed.

    Such a job that is retried starts again at its first epoch.
    """
    removed = NOTHING
    while True:
        with store.write() as connection:
            jobs = connection.scalars(
                select(Job.id)
                .where(Job.state.in_(FINAL), exists().where(Checkpoint.job_id == Job.id))
                .order_by(Job.id)
                .limit(AT_ONCE)
                # A job that is retried at this moment keeps them.
                .with_for_update(of=Job)
            ).all()
            condition = Checkpoint.job_id.in_(jobs)
            gone = size_of(connection, Checkpoint, condition)
            connection.execute(delete(Checkpoint).where(condition))
            failpoint("prune_checkpoints_written")
        failpoint("prune_checkpoints_stored")
        if not jobs:
            return removed
        removed = Size(removed.count + gone.count, removed.size + gone.size)


def _next_unused(connection: Connection, after: str) -> tuple[Sequence[str], str | None]:
    """Return the next names that nothing refers to, locked, and the last; None at the end."""
    names = connection.scalars(
        select(Artifact.sha256)
        .where(Artifact.sha256 > after, _is_unused())
        .order_by(Artifact.sha256)
        .limit(AT_ONCE)
        .with_for_update(of=Artifact)
    ).all()
    return names, names[-1] if len(names) == AT_ONCE else None


def _is_unused() -> ColumnElement[bool]:
    used = [~exists().where(column == Artifact.sha256) for column in references()]
    condition = used[0]
    for other in used[1:]:
        condition &= other
    return condition


def references() -> Iterator[ColumnElement[str]]:
    """Yield every column that refers to an artifact, as the schema has them."""
    for table in schema.Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column is Artifact.__table__.c.sha256 for key in column.foreign_keys):
                yield column


def _ended() -> Select[int]:
    return select(Job.id).where(Job.state.in_(FINAL))


def size_of(
    connection: Connection, table: type[Artifact] | type[Checkpoint], condition: ColumnElement[bool]
) -> Size:
    """Return the size of the rows of a table for which a condition holds."""
    stored = func.coalesce(func.sum(func.length(table.content)), 0)
    count, size = connection.execute(select(func.count(), stored).where(condition)).one()
    return Size(count, int(size))
