"""The method `gradients` is called by its usual name, `integrated_gradients`."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NAME = "ck_explanations_method"
METHODS = "method IN ('lime', 'occlusion', 'gradcam', 'integrated_gradients')"
OLD, NEW = "'gradients'", "'integrated_gradients'"


def upgrade() -> None:
    """Rename the method in the check and in what is stored."""
    if op.get_bind().dialect.name == "sqlite":
        _copy_table()
        return
    op.drop_constraint(NAME, "explanations", type_="check")
    op.execute(f"UPDATE explanations SET method = {NEW} WHERE method = {OLD}")  # noqa: S608 (constants)
    op.create_check_constraint(NAME, "explanations", METHODS)


def _copy_table() -> None:
    """Copy the table into one with another check, because SQLite cannot change a check."""
    connection = op.get_bind()
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = 'explanations' AND type = :type"
    table = connection.scalars(sa.text(made), {"type": "table"}).one()
    indexes = connection.scalars(sa.text(made), {"type": "index"}).all()
    columns = [column["name"] for column in sa.inspect(connection).get_columns("explanations")]
    values = [
        f"CASE method WHEN {OLD} THEN {NEW} ELSE method END" if name == "method" else f'"{name}"'
        for name in columns
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    op.execute(table.replace("explanations", "new_explanations", 1).replace(OLD, NEW))
    op.execute(
        f"INSERT INTO new_explanations ({names})"  # noqa: S608 (names of our own columns)
        f" SELECT {', '.join(values)} FROM explanations"
    )
    op.execute("DROP TABLE explanations")
    op.execute("ALTER TABLE new_explanations RENAME TO explanations")
    for index in filter(None, indexes):
        op.execute(index)
