"""The probabilities of every image of an evaluation; evaluations that are there have none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table that says where they are."""
    op.create_table(
        "probabilities",
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("artifact", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["artifact"], ["artifacts.sha256"], name="fk_probabilities_artifact"
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.id"],
            name="fk_probabilities_evaluation_id",
        ),
        sa.PrimaryKeyConstraint("evaluation_id", name="pk_probabilities"),
    )
