"""By which rule each loss was computed; what is there already was by the first."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the rules, and what Keras's own `evaluate` said when a trial was verified."""
    for table in ("epochs", "trials", "evaluations"):
        rule = sa.Column("loss_rule", sa.Integer(), server_default="1", nullable=False)
        op.add_column(table, rule)
    for name in ("keras_loss", "keras_accuracy"):
        op.add_column("evaluations", sa.Column(name, sa.Double(), nullable=True))
