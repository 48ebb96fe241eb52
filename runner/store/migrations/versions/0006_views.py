"""The views for `runner sql`.

Every upgrade drops the views before the first revision and makes those of `schema/views.py` after
the last, so that a revision can change a table whatever they select. What changes a view has to
have a revision, as this one, without which no store would get it.
"""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Change no table."""
