"""What a trial was trained with: a network, a backend; how it ended; which jobs a worker takes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns and the table; what is there already has the paper's network."""
    op.create_table(
        "experiment_code",
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("artifact", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name="fk_experiment_code_experiment_id"
        ),
        sa.ForeignKeyConstraint(
            ["artifact"], ["artifacts.sha256"], name="fk_experiment_code_artifact"
        ),
        sa.PrimaryKeyConstraint("experiment_id", name="pk_experiment_code"),
    )
    op.create_index("ix_experiment_code_artifact", "experiment_code", ["artifact"])
    op.add_column("trials", sa.Column("network", sa.JSON(), nullable=True))
    op.add_column("trials", sa.Column("backend", sa.String(), nullable=True))
    ended_by = sa.Column("ended_by", sa.String(), server_default="epochs", nullable=False)
    op.add_column("trials", ended_by)
    op.add_column("workers", sa.Column("offers", sa.JSON(), nullable=True))
