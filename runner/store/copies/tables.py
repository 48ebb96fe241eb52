"""What a copy of experiments consists of: the rows of these tables, and their columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement

from runner.store import schema
from runner.store.lifecycle.unused import references
from runner.store.schema.base import UtcDateTime

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

# In an order in which each refers to earlier ones only.
TABLES: tuple[type[schema.Base], ...] = (
    schema.Worker,
    schema.Experiment,
    schema.ExperimentTag,
    schema.Submission,
    schema.ExperimentInit,
    schema.ExperimentCode,
    schema.Job,
    schema.Attempt,
    schema.Event,
    schema.Epoch,
    schema.Checkpoint,
    schema.Trial,
    schema.Evaluation,
    schema.Probabilities,
    schema.ConfusionCell,
    schema.Activation,
    schema.Randomisation,
    schema.Explanation,
)
# The bytes of a checkpoint lie beside the artifacts; what others have trained is not reused; a
# copy has no messages.
LEFT_OUT = {("checkpoints", "content"), ("trials", "identity"), ("jobs", "message_of")}
# Where a copy may name artifacts that it does not have, one without weights.
WEIGHTS = {("trials", "model"), ("experiment_init", "artifact")}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, as whoever reads a copy has to know it; JSON is `dict`."""

    name: str
    type: type
    is_big: bool
    is_digest: bool
    # Neither a value nor null has to be given.
    is_optional: bool
    is_nullable: bool


def copied_columns(table: type[schema.Base]) -> list[ColumnElement[Any]]:
    """Return the columns of a table that a copy has."""
    name = table.__tablename__
    return [each for each in table.__table__.columns if (name, each.name) not in LEFT_OUT]


def fields_of(table: type[schema.Base]) -> Iterator[Column]:
    """Yield the columns of a table that a copy has, as whoever reads it has to know them."""
    digests = {(column.table.name, column.name) for column in references()}
    for column in copied_columns(table):
        place = (table.__tablename__, column.name)
        is_digest = place in digests or place == ("checkpoints", "sha256")
        # A trainer's trial has no data set: JSON's null.
        nullable = bool(column.nullable) or place == ("trials", "dataset")
        optional = bool(column.nullable) or column.server_default is not None
        is_big = isinstance(column.type, BigInteger)
        yield Column(column.name, _type_of(column), is_big, is_digest, optional, nullable)


def _type_of(column: ColumnElement[Any]) -> type:
    if isinstance(column.type, JSON):
        return dict
    return datetime if isinstance(column.type, UtcDateTime) else column.type.python_type


def artifacts_of(rows: Rows) -> dict[str, bool]:
    """Return the artifacts that rows refer to, each with whether all that does are weights."""
    found: dict[str, bool] = {}
    for column in references():
        place = (column.table.name, column.name)
        for row in rows[column.table.name]:
            name = row[column.name]
            if name is not None:
                found[name] = place in WEIGHTS and found.get(name, True)
    return found
