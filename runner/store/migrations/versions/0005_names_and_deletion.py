"""Names, tags and notes of experiments, which can be archived and deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MOMENT = sa.DateTime(timezone=True)

# Before bytes are deleted, the database looks for a row that refers to them.
REFERENCES = (
    ("activations", "output"),
    ("evaluations", "labels"),
    ("evaluations", "predictions"),
    ("explanations", "segments"),
    ("probabilities", "artifact"),
    ("trials", "model"),
)
HAS_PICTURE = sa.text("picture IS NOT NULL")


def upgrade() -> None:
    """Add the columns and tables, and the indexes that make deleting quick."""
    op.add_column("experiments", sa.Column("name", sa.String(), nullable=True))
    op.add_column("experiments", sa.Column("note", sa.String(), nullable=True))
    op.add_column("experiments", sa.Column("archived_at", MOMENT, nullable=True))
    op.create_index("uq_experiments_name", "experiments", ["name"], unique=True)

    op.create_table(
        "experiment_tags",
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name="fk_experiment_tags_experiment_id"
        ),
        sa.PrimaryKeyConstraint("experiment_id", "tag", name="pk_experiment_tags"),
    )
    op.create_index("ix_experiment_tags_tag", "experiment_tags", ["tag"])

    op.create_table(
        "deleted_experiments",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_job", sa.Integer(), nullable=False),
        sa.Column("last_trial", sa.Integer(), nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deleted_experiments"),
    )
    for column in ("last_job", "last_trial"):
        op.create_index(f"ix_deleted_experiments_{column}", "deleted_experiments", [column])

    for table, column in REFERENCES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index(
        "ix_explanations_picture",
        "explanations",
        ["picture"],
        sqlite_where=HAS_PICTURE,
        postgresql_where=HAS_PICTURE,
    )
