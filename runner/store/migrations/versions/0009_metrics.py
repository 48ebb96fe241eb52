"""Trainers report any metrics, and return models: what they do not report is NULL."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

OPTIONAL = {
    "epochs": ("loss", "accuracy", "val_loss", "val_accuracy"),
    "trials": ("loss", "accuracy", "val_loss", "val_accuracy", "best_val_accuracy"),
}


def upgrade() -> None:
    """Let the columns of metrics be empty, and add those of other metrics and of models."""
    for table in OPTIONAL:
        op.add_column(table, sa.Column("metrics", sa.JSON(), nullable=True))
    objective = sa.Column("objective", sa.String(), server_default="val_accuracy", nullable=False)
    op.add_column("trials", objective)
    op.add_column("trials", sa.Column("predictor", sa.JSON(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        _edit_tables()
        return
    for table, columns in OPTIONAL.items():
        for column in columns:
            op.alter_column(table, column, nullable=True)


def _edit_tables() -> None:
    """Take NOT NULL out of the text of the tables, as SQLite's documentation of ALTER TABLE does.

    A table that others refer to cannot be replaced by a copy in a transaction, and what is stored
    in the file does not change.
    """
    connection = op.get_bind()
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for table, columns in OPTIONAL.items():
        made = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"
        text = connection.scalars(sa.text(made), {"table": table}).one()
        for column in columns:
            text = re.sub(rf"(\b{column} [A-Z ]+?) NOT NULL", r"\1", text)
        edit = "UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"
        connection.execute(sa.text(edit), {"sql": text, "table": table})
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
