"""Jobs of experiments with a higher priority start first."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column; experiments of earlier versions have the default."""
    priority = sa.Column("priority", sa.Integer(), server_default="0", nullable=False)
    op.add_column("experiments", priority)
    op.create_index("ix_experiments_priority", "experiments", ["priority"])
