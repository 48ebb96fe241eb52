"""Where trials start from; the present names of params.

A row in `params` is a fact about a trial, which keeps its values: only the name of one changes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

AUGMENTATIONS = {True: "paper", False: "none"}


def upgrade() -> None:
    """Add the table, and rename `augment` in what is stored."""
    op.create_table(
        "experiment_init",
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("artifact", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name="fk_experiment_init_experiment_id"
        ),
        sa.ForeignKeyConstraint(
            ["artifact"], ["artifacts.sha256"], name="fk_experiment_init_artifact"
        ),
        sa.PrimaryKeyConstraint("experiment_id", name="pk_experiment_init"),
    )
    op.create_index("ix_experiment_init_artifact", "experiment_init", ["artifact"])
    for table, column in (("trials", "params"), ("jobs", "configuration")):
        _rename(sa.table(table, sa.column("id", sa.Integer), sa.column(column, sa.JSON)), column)


def _rename(table: sa.TableClause, name: str) -> None:
    connection, column = op.get_bind(), table.c[name]
    has_it = sa.cast(column, sa.Text).like('%"augment"%')
    rows = connection.execute(sa.select(table.c.id, column).where(has_it)).all()
    changed = [{"row": number, "value": _renamed(value)} for number, value in rows]
    if changed:
        update = sa.update(table).where(table.c.id == sa.bindparam("row"))
        connection.execute(update.values({name: sa.bindparam("value", type_=sa.JSON)}), changed)


def _renamed(value: dict[str, Any]) -> dict[str, Any]:
    """Return params with the present name, or a configuration with such params."""
    if isinstance(value.get("params"), dict):
        return {**value, "params": _renamed(value["params"])}
    if not isinstance(value.get("augment"), bool):
        return value
    params = {name: each for name, each in value.items() if name != "augment"}
    return params | {"augmentation": AUGMENTATIONS[value["augment"]]}
