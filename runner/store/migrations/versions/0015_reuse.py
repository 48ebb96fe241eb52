"""Trials that were trained before are found, and reused."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

INDEX = "ix_trials_identity"


def upgrade() -> None:
    """Add the columns; trials of earlier versions have no identity, and are not reused."""
    op.add_column("trials", sa.Column("identity", sa.String(), nullable=True))
    op.add_column("trials", sa.Column("reused", sa.Integer(), nullable=True))
    only = sa.text("identity IS NOT NULL")
    op.create_index(INDEX, "trials", ["identity"], sqlite_where=only, postgresql_where=only)
