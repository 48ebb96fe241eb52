"""Read numbers and names for shell completion: without SQLAlchemy, which takes longer to import.

Nothing is created and nothing is waited for. PostgreSQL is asked through the store.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from runner.store.sqlite import address, sqlite3

MOST = 200
BUSY_SECONDS = 0.1

# A value to offer, and what it is.
STATEMENTS = {
    "experiment": "SELECT id, kind, name FROM experiments ORDER BY id DESC LIMIT :most",
    "trial": (
        "SELECT trials.id, 'experiment ' || jobs.experiment_id, NULL FROM trials"
        " JOIN jobs ON jobs.id = trials.job_id ORDER BY trials.id DESC LIMIT :most"
    ),
    "job": (
        "SELECT id, 'experiment ' || experiment_id || ', ' || state, NULL FROM jobs"
        " ORDER BY id DESC LIMIT :most"
    ),
}

Rows = Sequence[tuple[int, str, str | None]]


def newest(database_url: str, what: str) -> Rows:
    """Return the newest experiments, trials or jobs: number, meaning and name.

    Raises whatever the database or its driver raises.
    """
    statement = STATEMENTS[what]
    if not database_url.startswith("sqlite:///"):
        return _from_store(database_url, statement)
    path = Path(unquote(database_url.removeprefix("sqlite:///"))).expanduser().absolute()
    opened = sqlite3.connect(address(path, "ro"), uri=True, timeout=BUSY_SECONDS)
    with closing(opened) as connection:
        return connection.execute(statement, {"most": MOST}).fetchall()


def _from_store(database_url: str, statement: str) -> Rows:
    from sqlalchemy import text

    from runner.store.engine import Store

    with Store(database_url).read() as connection:
        return [
            (row[0], row[1], row[2]) for row in connection.execute(text(statement), {"most": MOST})
        ]
