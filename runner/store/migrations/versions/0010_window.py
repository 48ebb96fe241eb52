"""A few messages of each experiment are on a queue: indexes of the jobs that are, and are not."""

from alembic import op

from runner.store.schema.base import only_where

revision = "0010"
down_revision = "0009"

UNSENT = "state = 'pending' AND enqueued_at IS NULL"
SENT = "state = 'pending' AND enqueued_at IS NOT NULL"


def upgrade() -> None:
    """Replace the index of pending jobs by one for each question that is asked of them."""
    op.drop_index("ix_jobs_pending", "jobs")
    numbered = ["experiment_id", "number"]
    op.create_index("ix_jobs_new", "jobs", numbered, **only_where(f"{UNSENT} AND attempts = 0"))
    op.create_index("ix_jobs_begun", "jobs", numbered, **only_where(f"{UNSENT} AND attempts > 0"))
    columns = ["experiment_id", "attempts", "enqueued_at"]
    op.create_index("ix_jobs_sent", "jobs", columns, **only_where(SENT))
