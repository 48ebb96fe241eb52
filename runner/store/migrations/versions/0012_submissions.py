"""An experiment has a point and a seed once, and later submissions may add to it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    """Add the column and the table; jobs of earlier versions have no digest of their point."""
    op.add_column("jobs", sa.Column("point", sa.String(), nullable=True))
    op.create_index("uq_jobs_point", "jobs", ["experiment_id", "point"], unique=True)
    op.create_table(
        "submissions",
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("first_job", sa.Integer(), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name="fk_submissions_experiment_id"
        ),
        sa.CheckConstraint("jobs >= 1", name="ck_submissions_jobs"),
        sa.PrimaryKeyConstraint("experiment_id", "number", name="pk_submissions"),
    )
