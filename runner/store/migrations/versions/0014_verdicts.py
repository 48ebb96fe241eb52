"""The rules and the evidence of verdicts, randomised networks, and more methods of explanation."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

NAME = "ck_explanations_method"
BEFORE = "'lime', 'occlusion', 'gradcam', 'integrated_gradients'"
METHODS = f"{BEFORE}, 'smoothgrad', 'rise', 'kernel_shap'"
LARGEST = "1.7976931348623157e308"


def upgrade() -> None:
    """Add the columns and the table; verdicts that are there are by the first rules."""
    rules = sa.Column("rules", sa.Integer(), server_default="1", nullable=False)
    op.add_column("explanations", rules)
    op.add_column("explanations", sa.Column("evidence", sa.JSON(), nullable=True))
    op.create_table(
        "randomisations",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("segmentation", sa.String(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("correlation", sa.Double(), nullable=True),
        sa.Column("fall", sa.Double(), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("curve", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            f"abs(correlation) <= {LARGEST} AND abs(fall) <= {LARGEST}",
            name=op.f("ck_randomisations_finite"),
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name="fk_randomisations_trial_id"),
        sa.PrimaryKeyConstraint(
            *("trial_id", "method", "segmentation", "samples", "dataset"),
            name="pk_randomisations",
        ),
    )
    if op.get_bind().dialect.name == "sqlite":
        _edit_table()
        return
    op.drop_constraint(NAME, "explanations", type_="check")
    op.create_check_constraint(NAME, "explanations", f"method IN ({METHODS})")


def _edit_table() -> None:
    """Let the check in the text of the table allow more, as SQLite's documentation does."""
    connection = op.get_bind()
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    edit = "UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE name = :table"
    values = {"before": BEFORE, "after": METHODS, "table": "explanations"}
    connection.execute(sa.text(edit), values)
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
