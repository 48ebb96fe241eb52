"""A worker may do another job than the one that its message is for, and leave that its message."""

import sqlalchemy as sa
from alembic import op

from runner.store.schema.base import only_where

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column; every message of earlier versions is for the job that it names."""
    op.add_column("jobs", sa.Column("message_of", sa.Integer(), nullable=True))
    given = only_where("message_of IS NOT NULL")
    op.create_index("ix_jobs_message_of", "jobs", ["message_of"], **given)
